import type { Metadata } from "sharp";
import type { InputFormat } from "./formats.ts";

/** Size of an image according to its header, before decoding. */
export interface Extent {
  format: InputFormat;
  fileBytes: number;
  /** Size of one frame. */
  width: number;
  height: number;
  frames: number;
  /** Bytes of all decoded pixels. */
  pixelBytes: number;
  /** How many full copies the decoder holds at once. */
  copies: number;
  gray: boolean;
  deep: boolean;
}

/** Bytes per sample. */
const SAMPLE_BYTES: Record<string, number> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
  complex: 8,
  double: 8,
  dpcomplex: 16,
};

export function extentOf(header: Metadata, format: InputFormat, frames: number, fileBytes: number): Extent {
  const { width, height } = header.autoOrient;
  const sampleBytes = SAMPLE_BYTES[header.depth] ?? 8;
  // Frames are drawn on a canvas with alpha.
  const channels = frames > 1 ? 4 : header.channels;
  return {
    format,
    fileBytes,
    width,
    height,
    frames,
    pixelBytes: width * height * frames * channels * sampleBytes,
    copies: copiesOf(header, format, frames),
    gray: header.space === "b-w" || header.space === "grey16",
    deep: sampleBytes > 1,
  };
}

/** Copies for decoders with their own memory, which use more than 8 bits per channel. */
const BITMAP_COPIES: { [format in InputFormat]?: number } = { heic: 5, jxl: 8 };

/** For bitmaps that we decode ourselves, and copy if their alpha is meaningless. */
export function bitmapExtent(
  format: InputFormat,
  { width, height }: { width: number; height: number },
  fileBytes: number,
): Extent {
  const pixelBytes = width * height * 4;
  const copies = BITMAP_COPIES[format] ?? 2;
  return { format, fileBytes, width, height, frames: 1, pixelBytes, copies, gray: false, deep: false };
}

/** For samples that we read ourselves: a strip may hold all of them, and they become 4-byte numbers, then a file. */
export function samplesExtent(
  { width, height, samples, bits }: { width: number; height: number; samples: number; bits: number },
  fileBytes: number,
): Extent {
  const pixelBytes = width * height * samples * (4 + bits / 8);
  const size = { width, height, frames: 1, pixelBytes, copies: 2 };
  return { format: "tiff", fileBytes, ...size, gray: samples < 3, deep: true };
}

function copiesOf(header: Metadata, format: InputFormat, frames: number): number {
  const turned = (header.orientation ?? 1) > 1 ? 1 : 0;
  if (frames > 1) return 2 + turned;
  switch (format) {
    case "jpeg":
      // All coefficients, two bytes each.
      return turned + (header.isProgressive ? 2 : 0);
    case "png":
      return turned + (header.isProgressive ? 1 : 0);
    case "tiff":
      // It may be a single strip. Samples that we scale ourselves exist in three forms.
      return turned + (header.depth === "uchar" || header.depth === "ushort" ? 1 : 3);
    case "webp":
    case "gif":
      return turned + 2;
    case "avif":
      // Planes of the codec, planes of its container, and the resulting pixels. Measured.
      return turned + 6;
    default:
      return turned;
  }
}
