import type { Extent } from "../pictures/extent.ts";
import { formats, type OutputFormat, outputFormat } from "../pictures/formats.ts";
import type { ImageConvertOptions } from "./options.ts";
import { resizes } from "./paint.ts";
import { outputSize } from "./size.ts";

const MIB = 1024 * 1024;
/** Rows in progress, codec tables, and memory that allocators keep. */
const FIXED_BYTES = 88 * MIB;
/** The file, and its copies while it is read. */
const FILE_COPIES = 2;

/** Bytes per pixel that encoders hold, including their output. Measured. */
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
/** All coefficients of a progressive JPEG: two bytes each in three channels. */
const COEFFICIENT_BYTES = 6;

/** Upper bound of a conversion's memory, besides the process itself. Known before decoding. */
export function conversionBytes(
  picture: Extent,
  mark: Extent | null,
  options: ImageConvertOptions,
  maxPixels: number,
): number {
  const format = outputFormat(picture.format, options.format);
  const size = outputSize(picture, options);
  // Larger outputs are rejected earlier, with a separate error.
  const outputPixels = Math.min(maxPixels, size.width * size.height * picture.frames);
  return (
    decodingBytes(picture) +
    (mark ? decodingBytes(mark) : 0) +
    outputPixels * (paintingBytes(picture, options, format) + encodingBytes(options, format))
  );
}

/** Memory for decoding an image. */
export function decodingBytes({ fileBytes, pixelBytes, copies }: Extent): number {
  return FIXED_BYTES + fileBytes * FILE_COPIES + pixelBytes * copies;
}

/** Bytes per pixel of the output. */
function paintingBytes(
  { frames, gray, deep }: Extent,
  options: ImageConvertOptions,
  format: OutputFormat,
): number {
  // Each changed frame, and all of them joined.
  const frameBytes = frames > 1 ? 8 : 0;
  // Three copies: the original, extended, and flattened.
  const usesCanvas = (gray || deep) && (resizes(options) || options.watermark || !formats[format].hasAlpha);
  const canvasBytes = usesCanvas ? 3 * 4 * (deep ? 2 : 1) : 0;
  const overlayBytes = options.watermark ? 8 : 0;
  return frameBytes + canvasBytes + overlayBytes;
}

/** Bytes per pixel of the output. */
export function encodingBytes(
  { lossless, progressive }: { lossless: boolean; progressive: boolean },
  format: OutputFormat,
): number {
  if (lossless && (format === "webp" || format === "avif")) return LOSSLESS_BYTES;
  return ENCODER_BYTES[format] + (progressive && format === "jpeg" ? COEFFICIENT_BYTES : 0);
}
