import sharp, { type Sharp, type SharpOptions } from "sharp";
import { afterPercent, cutOff, fileFailure, undecodable } from "./failure.ts";
import type { InputFormat } from "./formats.ts";
import { unterminatedGif } from "./gif.ts";
import { endJpeg, jpegHasEnd } from "./jpeg.ts";
import { pngHeader, readPng, salvagePng } from "./png.ts";
import { type TiffPage, unsupportedCompression } from "./tiff.ts";
import { hasOddSamples, plainSamples } from "./tiff-samples.ts";
import type { Warning } from "./warning.ts";
import { shortWebp } from "./webp.ts";

/** A file that decoders accept. */
export interface Mended {
  data: Buffer;
  failOn: NonNullable<SharpOptions["failOn"]>;
  warnings: Warning[];
  /** Set if `data` contains decoded pixels. */
  raw?: Raw;
  /** What the file said about these pixels. */
  facts?: { gray: boolean; bits: number; indexed: boolean; density: number | null };
}

export interface Raw {
  width: number;
  height: number;
  channels: 1 | 2 | 3 | 4;
  /** Height of one frame, if there are several below each other. */
  pageHeight?: number;
}

export interface MendOptions {
  /** Keep what a truncated file contains. */
  tolerant: boolean;
  /** Names the file at the beginning of a sentence. */
  what: string;
}

/**
 * Repairs a file that has all its pixels but lacks its end, which browsers show, too. Rejects a file with missing
 * pixels, or keeps what it has when `tolerant`. Needs no decoding, so it runs before the header is read. `mendPixels`
 * does the rest.
 */
export function mend(data: Buffer, format: InputFormat, options: MendOptions): Mended {
  if (format === "gif") return mendGif(data, options);
  if (format === "webp") return mendWebp(data, options);
  return whole(data);
}

/** The same for formats that must be decoded to find out. Check the image's size first. */
export async function mendPixels(mended: Mended, format: InputFormat, options: MendOptions): Promise<Mended> {
  const found =
    format === "png"
      ? await mendPng(mended.data, options)
      : format === "jpeg"
        ? await mendJpeg(mended.data, options)
        : null;
  return found ? { ...found, warnings: [...mended.warnings, ...found.warnings] } : mended;
}

function whole(data: Buffer): Mended {
  // Warnings are common in photos that every viewer shows.
  return { data, failOn: "error", warnings: [] };
}

function mendGif(data: Buffer, options: MendOptions): Mended {
  const end = unterminatedGif(data);
  if (!end) return whole(data);
  const { frames, complete, missing } = end;
  if (complete === 1) return whole(Buffer.concat([data, missing]));
  const where = frames > 0 ? `in frame ${frames + 1}` : afterPercent(complete);
  if (!options.tolerant || data.length < 14) throw cutOff(options.what, where);
  const kept = frames > 0 ? Buffer.concat([data.subarray(0, end.end), Buffer.from([0x3b])]) : data;
  return { data: kept, failOn: "none", warnings: [cutOffWarning(where)] };
}

function mendWebp(data: Buffer, options: MendOptions): Mended {
  const end = shortWebp(data);
  if (!end) return whole(data);
  if (end.complete === 1) return whole(end.mended);
  const where = afterPercent(end.complete);
  if (!options.tolerant) throw cutOff(options.what, where);
  return { data: end.mended, failOn: "none", warnings: [cutOffWarning(where)] };
}

async function mendPng(data: Buffer, { what, tolerant }: MendOptions): Promise<Mended> {
  const chunks = readPng(data);
  const wrong = chunks.find(({ type, intact, cut }) => !intact && !cut && /^[A-Z]/.test(type));
  const ended = chunks.at(-1)?.type === "IEND";
  if (!wrong && ended) return whole(data);
  if (wrong && !tolerant) {
    throw undecodable(
      `${what} is damaged: the checksum of its ${wrong.type} data at byte ${wrong.at} is wrong. Upload an intact copy.`,
    );
  }
  const salvaged = pngHeader(chunks) ? await salvagePng(data) : null;
  if (!salvaged) throw cutOff(what, afterPercent(0));
  if (salvaged.complete === 1) return whole(salvaged.data);
  const where = afterPercent(salvaged.complete);
  if (!tolerant) throw cutOff(what, where);
  return { ...whole(salvaged.data), warnings: [cutOffWarning(where)] };
}

async function mendJpeg(data: Buffer, { what, tolerant }: MendOptions): Promise<Mended> {
  if (jpegHasEnd(data)) return whole(data);
  const mended = endJpeg(data);
  if (await decodesFully(mended)) return whole(mended);
  const where = await jpegExtent(mended);
  if (!tolerant) throw cutOff(what, where);
  return { data: mended, failOn: "none", warnings: [cutOffWarning(where)] };
}

async function decodesFully(data: Buffer): Promise<boolean> {
  try {
    await everyPixel(data, "warning").resize(8).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Decodes at full size, because libjpeg's shrink-on-load ignores the end of the data. */
function everyPixel(data: Buffer, failOn: Mended["failOn"]): Sharp {
  return sharp(data, { failOn, limitInputPixels: false }).pipelineColourspace("srgb");
}

/** Missing rows are mid-gray throughout. A progressive file has all rows early, but coarsely. */
async function jpegExtent(data: Buffer): Promise<string | undefined> {
  try {
    const image = everyPixel(data, "none");
    const { isProgressive, width, height } = await image.metadata();
    if (isProgressive) return undefined;
    const pixels = await image
      .resize({ width: Math.min(width, 64), height, fit: "fill" })
      .raw()
      .toBuffer();
    let last = pixels.length - 1;
    while (last >= 0 && Math.abs(pixels[last]! - 128) < 2) last -= 1;
    return afterPercent((last + 1) / pixels.length);
  } catch {
    return undefined;
  }
}

/**
 * Prepares a TIFF page for libvips. If libvips would misread its samples or not read them at all, the page becomes a
 * separate file. Runs before the header is read. Check the page's size first.
 * @param admit called before anything is decoded
 */
export async function mendTiff(
  data: Buffer,
  found: TiffPage | undefined,
  { what, tolerant }: MendOptions,
  admit: () => Promise<void>,
): Promise<Mended> {
  if (!found) return whole(data);
  const compression = unsupportedCompression(found);
  if (compression) throw undecodable(`${what} uses ${compression} compression, which is not supported.`);
  const where = found.complete < 1 ? afterPercent(found.complete) : undefined;
  if (where && !tolerant) throw cutOff(what, where);
  const warnings = where ? [cutOffWarning(where)] : [];
  if (hasOddSamples(found)) {
    await admit();
    const plain = readSamples(data, found, what);
    return { ...whole(plain.data), warnings: [...warnings, ...plain.warnings] };
  }
  // libvips skips undecodable tiles unless warnings count as errors.
  return { data, failOn: where ? "none" : found.tiled ? "warning" : "error", warnings };
}

function readSamples(data: Buffer, page: TiffPage, what: string) {
  try {
    return plainSamples(data, page, what);
  } catch (error) {
    throw fileFailure(error, what);
  }
}

export function cutOffWarning(where: string | undefined): Warning {
  return {
    code: "cut_off",
    message: `The file is truncated${where ? ` ${where}` : ""}. The part that could be read was kept.`,
  };
}
