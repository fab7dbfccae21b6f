import type { Metadata } from "sharp";
import type { InputFormat } from "./formats.ts";

/** How large a picture is, as its header says it before any pixel is decoded. */
export interface Extent {
  format: InputFormat;
  fileBytes: number;
  /** Of one frame. */
  width: number;
  height: number;
  frames: number;
  /** Bytes of all its pixels, as they are decoded. */
  pixelBytes: number;
  /** How many times the decoder holds them all, rather than a few rows. */
  copies: number;
  gray: boolean;
  deep: boolean;
}

/** Bytes of a sample. */
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
  // Frames lie on a canvas with transparency.
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

/** Of a bitmap that is decoded here, and copied where its transparency says nothing. */
export function bitmapExtent(
  format: InputFormat,
  { width, height }: { width: number; height: number },
  fileBytes: number,
): Extent {
  const pixelBytes = width * height * 4;
  return { format, fileBytes, width, height, frames: 1, pixelBytes, copies: 2, gray: false, deep: false };
}

/** Of samples that are read here: a strip may hold all of them, and they become numbers of 4 bytes, then a file. */
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
      // All coefficients, of two bytes each.
      return turned + (header.isProgressive ? 2 : 0);
    case "png":
      return turned + (header.isProgressive ? 1 : 0);
    case "tiff":
      // All of it may be one strip; samples that are scaled here are held in three forms.
      return turned + (header.depth === "uchar" || header.depth === "ushort" ? 1 : 3);
    case "webp":
    case "gif":
      return turned + 2;
    case "avif":
      // The planes of the codec, those of its container, and the pixels made of them: measured.
      return turned + 6;
    default:
      return turned;
  }
}
