import type { Extent } from "../pictures/extent.ts";
import { formats, type OutputFormat, outputFormat } from "../pictures/formats.ts";
import type { ImageConvertOptions } from "./options.ts";
import { resizes } from "./paint.ts";
import { outputSize } from "./size.ts";

const MIB = 1024 * 1024;
/** Rows under way, tables of the codecs, and what allocators do not give back. */
const FIXED_BYTES = 56 * MIB;
/** The file, and what is copied of it while it is read. */
const FILE_COPIES = 2;

/** Bytes that encoders hold for a pixel: measured, with what they write. */
const ENCODER_BYTES: Record<OutputFormat, number> = {
  jpeg: 8,
  png: 8,
  webp: 12,
  avif: 38,
  tiff: 8,
  gif: 12,
  bmp: 8,
};
const LOSSLESS_BYTES = 40;

/** Most memory that a conversion takes beside its process, known before any pixel is decoded. */
export function conversionBytes(
  picture: Extent,
  mark: Extent | null,
  options: ImageConvertOptions,
  maxPixels: number,
): number {
  const format = outputFormat(picture.format, options.format);
  const size = outputSize(picture, options);
  // What would have more is refused before it is made, by an error of its own.
  const outputPixels = Math.min(maxPixels, size.width * size.height * picture.frames);
  return (
    decodingBytes(picture) +
    (mark ? decodingBytes(mark) : 0) +
    outputPixels * (paintingBytes(picture, options, format) + encodingBytes(options, format))
  );
}

/** For its part before it becomes another picture. */
export function decodingBytes({ fileBytes, pixelBytes, copies }: Extent): number {
  return FIXED_BYTES + fileBytes * FILE_COPIES + pixelBytes * copies;
}

/** For a pixel of the output. */
function paintingBytes(
  { frames, gray, deep }: Extent,
  options: ImageConvertOptions,
  format: OutputFormat,
): number {
  // Frame by frame: all that were changed, and all of them in one.
  const frameBytes = frames > 1 ? 8 : 0;
  // As it is, with its surroundings, and without transparency.
  const usesCanvas = (gray || deep) && (resizes(options) || options.watermark || !formats[format].hasAlpha);
  const canvasBytes = usesCanvas ? 3 * 4 * (deep ? 2 : 1) : 0;
  const overlayBytes = options.watermark ? 8 : 0;
  return frameBytes + canvasBytes + overlayBytes;
}

function encodingBytes({ lossless }: ImageConvertOptions, format: OutputFormat): number {
  if (lossless && (format === "webp" || format === "avif")) return LOSSLESS_BYTES;
  return ENCODER_BYTES[format];
}
