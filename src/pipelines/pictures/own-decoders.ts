import { playApng } from "./apng.ts";
import { decodeBmp, readBmpHeader } from "./bmp.ts";
import { type Canvas, isGrayColor, withoutOpaqueAlpha } from "./canvas.ts";
import { fileFailure } from "./failure.ts";
import type { InputFormat } from "./formats.ts";
import { decodeHeic } from "./heic.ts";
import { decodeIcoBitmap, readIco } from "./ico.ts";
import { decodeJxl } from "./jxl.ts";
import { cutOffWarning, type Mended, type MendOptions } from "./mend.ts";

/** Called before decoding. */
type Admit = (width: number, height: number) => Promise<void>;

/** Decodes formats that libvips does not read. `null` for any other format. */
export async function decodeHere(
  file: Buffer,
  format: InputFormat,
  options: MendOptions,
  admit: Admit,
): Promise<Mended | null> {
  if (format === "bmp") return openBmp(file, options, admit);
  if (format === "ico") return openIco(file, options, admit);
  if (format === "heic") return fromPixels(await decodeHeic(file, options.what, admit));
  if (format === "jxl") return fromPixels(await decodeJxl(file, options.what, admit));
  return null;
}

async function openBmp(file: Buffer, options: MendOptions, admit: Admit): Promise<Mended> {
  const header = readBmpHeader(file, options.what);
  await admit(header.width, header.height);
  const { complete, ...canvas } = decodeBmp(file, header, options);
  const gray =
    header.palette.length > 0 && header.palette.every(([...color]) => isGrayColor([...color, 255]));
  return {
    ...fromPixels(canvas),
    warnings: complete < 1 ? [cutOffWarning(undefined)] : [],
    facts: { gray, bits: Math.min(header.bits, 8), indexed: header.bits <= 8, density: header.density },
  };
}

async function openIco(file: Buffer, options: MendOptions, admit: Admit): Promise<Mended> {
  const entry = readIco(file, options.what);
  if ("png" in entry) return { data: entry.png, failOn: "error", warnings: [] };
  const { header, bitmap } = entry;
  await admit(header.width, header.height);
  return fromPixels(decodeIcoBitmap(bitmap, header, options));
}

function fromPixels(decoded: Canvas): Mended {
  const { data, ...raw } = withoutOpaqueAlpha(decoded);
  return {
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    raw,
    failOn: "error",
    warnings: [],
  };
}

/** Decodes every frame of an animated PNG. libvips reads only the first. */
export async function decodeApng(
  mended: Mended,
  size: { width: number; height: number },
  what: string,
): Promise<Mended & { delays: number[]; loop: number }> {
  try {
    const { data, delays, loop } = await playApng(mended.data);
    const raw = {
      width: size.width,
      height: size.height * delays.length,
      channels: 4,
      pageHeight: size.height,
    } as const;
    return { ...mended, data, raw, delays, loop };
  } catch (error) {
    throw fileFailure(error, what);
  }
}
