import sharp, { type Sharp, type SharpOptions } from "sharp";
import { apngFrames } from "./apng.ts";
import { withAvifProfile } from "./avif.ts";
import { bitmapExtent, type Extent, extentOf, samplesExtent } from "./extent.ts";
import { fileFailure, undecodable } from "./failure.ts";
import { loadFont } from "./font.ts";
import { formatOf, type InputFormat, inputLabels } from "./formats.ts";
import { checkFrames, checkPages, checkPixels, MAX_FRAMES, type PictureLimits } from "./limits.ts";
import { type Mended, mend, mendPixels, mendTiff, type Raw } from "./mend.ts";
import { metadataOf, type PictureMetadata } from "./metadata.ts";
import { decodeApng, decodeHere } from "./own-decoders.ts";
import { withPngProfile } from "./png-colors.ts";
import { plainSvg } from "./svg.ts";
import { fontWarnings } from "./svg-fonts.ts";
import { checkSvg } from "./svg-limits.ts";
import { documentPages, readTiff, type TiffPage } from "./tiff.ts";
import type { Warning } from "./warning.ts";
import { firstWebpFrame, webpFrames } from "./webp.ts";

/** Facts about an image before decoding. */
export interface Picture {
  /** The file's bytes as decoders accept them, or pixels described by `raw`. */
  data: Buffer;
  raw?: Raw;
  format: InputFormat;
  /** Size of one frame as displayed, with the EXIF orientation applied. */
  width: number;
  height: number;
  /** Frames to read. 1 unless the animation is kept. */
  frames: number;
  /** Frames in the file. */
  allFrames: number;
  /** Display time of each frame in ms. */
  delays?: number[];
  /** How often the animation plays. 0 means forever. */
  loop?: number;
  /** EXIF orientation, 1 to 8. */
  orientation: number;
  /** Index of this page, and of all pages, as libvips counts them. */
  page: number;
  pages: readonly number[];
  hasAlpha: boolean;
  hasProfile: boolean;
  cmyk: boolean;
  gray: boolean;
  /** Bits per sample, or per palette index if the colors are indexed. */
  bits: number;
  indexed: boolean;
  /** More than 8 bits per channel. */
  deep: boolean;
  metadata: PictureMetadata;
  maxPixels: number;
  failOn: Mended["failOn"];
  /** Names the file at the beginning of a sentence. */
  what: string;
  /** Losses so far. */
  warnings: readonly Warning[];
  /** Reads another page's header. */
  readPage(page: number): Promise<Picture>;
}

export interface ReadOptions extends PictureLimits {
  /** Read all frames of an animation. */
  animated: boolean;
  /** All pages of a document will be read. */
  allPages: boolean;
  /** Keep what a truncated file contains, with a warning. */
  tolerant: boolean;
  /** Called before an image or page is decoded. Waits until there is memory for it, or rejects. */
  admit?(extent: Extent): Promise<void>;
}

/** Reads an image's header. Throws a PermanentError that says what is wrong with the file. */
export async function readPicture(file: Buffer, options: ReadOptions): Promise<Picture> {
  const { what } = options;
  if (file.length === 0) throw undecodable(`${what} is empty.`);
  const format = formatOf(file);
  if (!format) throw undecodable(`${what} is not a ${inputLabels} picture.`);
  const { data, warnings } = await plainFile(file, format, what);
  const admit = async (width: number, height: number) => {
    checkPixels(width, height, 1, options);
    await options.admit?.(bitmapExtent(format, { width, height }, data.length));
  };
  const opened = (await decodeHere(data, format, options, admit)) ?? mend(data, format, options);
  const mended = { ...opened, warnings: [...opened.warnings, ...warnings] };
  const directories = format === "tiff" ? readTiff(data) : [];
  const pages = format === "tiff" ? documentPages(directories) : [0];
  if (options.allPages)
    checkPages(
      directories.filter(({ index }) => pages.includes(index)),
      options,
    );
  const counted = countFrames(mended.data, format);
  if (options.animated) checkFrames(counted, options);
  const container = { ...fewFrames(mended, format, counted), format, pages, directories, source: file };
  return readPage(container, pages[0]!, options);
}

/** Converts the file to what the decoders support, and collects warnings about what they do not. */
async function plainFile(file: Buffer, format: InputFormat, what: string) {
  if (format === "svg") {
    await loadFont();
    const data = plainSvg(file, what);
    checkSvg(data, what);
    return { data, warnings: await fontWarnings(data) };
  }
  const colored = format === "png" ? withPngProfile(file) : format === "avif" ? withAvifProfile(file) : null;
  return { data: colored?.data ?? file, warnings: colored?.hdr ? [HDR_REDUCED] : [] };
}

const HDR_REDUCED: Warning = {
  code: "hdr_reduced",
  message: "The image is made for HDR screens. Highlights brighter than paper white were dimmed to fit.",
};

interface Container {
  mended: Mended;
  format: InputFormat;
  pages: readonly number[];
  /** The unmodified file. */
  source: Buffer;
  /** Directories of a TIFF's pages. */
  directories: readonly TiffPage[];
  /** Includes frames that are not in `mended`. `null` if the decoder reports the number. */
  allFrames: number | null;
}

/** Counts frames without decoding. Returns 1 if the decoder is just as fast. */
function countFrames(data: Buffer, format: InputFormat): number {
  if (format === "webp") return webpFrames(data);
  return format === "png" ? apngFrames(data) : 1;
}

/** The WebP decoder finds each frame by scanning from the first, so a file with too many frames gets only the first. */
function fewFrames(mended: Mended, format: InputFormat, counted: number) {
  const few = format !== "webp" || counted <= MAX_FRAMES;
  if (few) return { mended, allFrames: format === "png" ? counted : null };
  return { mended: { ...mended, data: firstWebpFrame(mended.data) }, allFrames: counted };
}

async function readPage(file: Container, number: number, options: ReadOptions): Promise<Picture> {
  const { format, pages } = file;
  const opened = format === "tiff" ? await openTiff(file, number, options) : file.mended;
  const page = opened.data === file.mended.data ? number : 0;
  const header = await readHeader(opened, page, options.what);
  const moves = format === "gif" || format === "webp";
  const allFrames = file.allFrames ?? (moves ? (header.pages ?? 1) : 1);
  const frames = options.animated ? allFrames : 1;
  const { width, height } = header.autoOrient;
  checkFrames(frames, options);
  checkPixels(width, height, frames, options);
  if (!opened.raw) await options.admit?.(extentOf(header, format, frames, opened.data.length));
  const mended = await mendPixels(opened, format, options);
  const { facts } = mended;
  const metadata = metadataOf(header, file.source, format);
  return {
    delays: frames > 1 ? header.delay : undefined,
    loop: frames > 1 ? header.loop : undefined,
    ...(format === "png" && frames > 1 ? await decodeApng(mended, header, options.what) : mended),
    what: options.what,
    format,
    width,
    height,
    frames,
    allFrames,
    orientation: header.orientation ?? 1,
    page,
    pages,
    hasAlpha: header.hasAlpha,
    hasProfile: header.hasProfile,
    cmyk: header.space === "cmyk",
    gray: facts?.gray ?? (header.space === "b-w" || header.space === "grey16"),
    bits: facts?.bits ?? header.bitsPerSample ?? 8,
    indexed: facts?.indexed ?? header.isPalette,
    deep: header.depth !== "uchar",
    metadata: facts ? { ...metadata, density: facts.density } : metadata,
    maxPixels: options.maxPixels,
    readPage: (other) => readPage(file, other, options),
  };
}

function openTiff(file: Container, number: number, options: ReadOptions): Promise<Mended> {
  const { data } = file.mended;
  const page = file.directories[number];
  if (page) checkPixels(page.width, page.height, 1, options);
  return mendTiff(data, page, options, async () => options.admit?.(samplesExtent(page!, data.length)));
}

async function readHeader({ data, raw, failOn }: Mended, page: number, what: string) {
  try {
    // Only reads the header, so that an error about a size beyond the limit can give numbers.
    return await sharp(data, { raw, failOn, ...(!raw && { page }), limitInputPixels: false }).metadata();
  } catch (error) {
    throw fileFailure(error, what);
  }
}

/** Decodes the pixels with orientation applied. `sharp` checks the limit again while decoding. */
export function decode(picture: Picture, options: SharpOptions = {}): Sharp {
  return sharp(picture.data, {
    raw: picture.raw,
    failOn: picture.failOn,
    limitInputPixels: picture.maxPixels,
    autoOrient: true,
    animated: picture.frames > 1,
    ...(picture.page > 0 && { page: picture.page }),
    ...options,
  });
}

/**
 * Runs `work`, which decodes an image, and translates its errors. A decoder strict enough to notice missing tiles also
 * fails on harmless warnings. In that case, runs `work` again less strictly.
 */
export async function decoding<T>(picture: Picture, work: (picture: Picture) => Promise<T>): Promise<T> {
  try {
    return await work(picture);
  } catch (error) {
    const onlyWarned = error instanceof Error && error.message.startsWith("Warning treated as error");
    if (!onlyWarned || picture.failOn !== "warning") throw fileFailure(error, picture.what);
    return decoding({ ...picture, failOn: "error" }, work);
  }
}
