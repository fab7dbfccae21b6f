import sharp, { type Sharp, type SharpOptions } from "sharp";
import { fileFailure, inWords, tooManyPixels, undecodable } from "./failure.ts";
import { formatOf, type InputFormat } from "./formats.ts";
import { checkIntegrity } from "./integrity.ts";
import { metadataOf, type PictureMetadata } from "./metadata.ts";

/** What is known of a picture before its pixels are decoded. */
export interface Picture {
  data: Buffer;
  format: InputFormat;
  /** Of one frame, as it is seen: with the EXIF orientation applied. */
  width: number;
  height: number;
  /** Frames that are read: 1 unless the animation is kept. */
  frames: number;
  hasAlpha: boolean;
  hasProfile: boolean;
  cmyk: boolean;
  /** More than 8 bits a channel. */
  deep: boolean;
  metadata: PictureMetadata;
  maxPixels: number;
}

export interface ReadOptions {
  /** Pixels of all frames together that may be decoded. */
  maxPixels: number;
  /** Read every frame of an animation. */
  animated: boolean;
  /** The file in words, at the beginning of a sentence. */
  what: string;
}

/** Reads a picture's header. Throws a PermanentError that says what is wrong with the file. */
export async function readPicture(data: Buffer, options: ReadOptions): Promise<Picture> {
  const { maxPixels, animated, what } = options;
  if (data.length === 0) throw undecodable(`${what} is empty.`);
  const format = formatOf(data);
  if (!format) {
    throw undecodable(`${what} is not a JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG picture.`);
  }
  checkIntegrity(data, format, what);
  const header = await readHeader(data, what);
  const moves = format === "gif" || format === "webp";
  const frames = moves && animated ? (header.pages ?? 1) : 1;
  const { width, height } = header.autoOrient;
  checkPixels(width, height, frames, options);
  return {
    data,
    format,
    width,
    height,
    frames,
    hasAlpha: header.hasAlpha,
    hasProfile: header.hasProfile,
    cmyk: header.space === "cmyk",
    deep: header.depth !== "uchar",
    metadata: metadataOf(header, format),
    maxPixels,
  };
}

async function readHeader(data: Buffer, what: string) {
  try {
    // Only the header is read here, so a size beyond the limit can still be told in numbers.
    return await sharp(data, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw fileFailure(error, what);
  }
}

/** The pixels of a picture, oriented. `sharp` checks the limit again against what it really decodes. */
export function decode({ data, frames, maxPixels }: Picture, options: SharpOptions = {}): Sharp {
  return sharp(data, {
    // Warnings are common in photographs that every viewer shows.
    failOn: "error",
    limitInputPixels: maxPixels,
    autoOrient: true,
    animated: frames > 1,
    ...options,
  });
}

function checkPixels(width: number, height: number, frames: number, { maxPixels, what }: ReadOptions): void {
  const pixels = width * height * frames;
  if (pixels <= maxPixels) return;
  const size = `${inWords(width)} × ${inWords(height)}`;
  const extent = frames > 1 ? `${inWords(frames)} frames of ${size}` : size;
  const hint = frames > 1 ? " Without the animation, only its first frame counts." : "";
  throw tooManyPixels(
    `${what} has ${inWords(pixels / 1e6)} megapixels (${extent}); at most ${inWords(maxPixels / 1e6)} are allowed.${hint}`,
  );
}
