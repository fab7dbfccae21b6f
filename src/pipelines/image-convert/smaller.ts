import { inWords } from "../pictures/failure.ts";
import type { Picture } from "../pictures/picture.ts";
import { withoutMetadata } from "../pictures/strip.ts";
import type { Warning } from "../pictures/warning.ts";
import type { ImageConvertOptions } from "./options.ts";
import type { Rendered } from "./render.ts";

/**
 * What to write for a file, so that it is never larger than before without a word: where it was only to be
 * encoded again and that made it larger, its own pixels.
 */
export function neverLarger(
  file: Buffer,
  picture: Picture,
  rendered: Rendered,
  options: ImageConvertOptions,
): { data: Buffer; warnings: Warning[] } {
  const { data } = rendered;
  if (data.length <= file.length) return { data, warnings: [] };
  const sizes = `${inWords(data.length)} instead of ${inWords(file.length)} bytes`;
  const own = onlyEncodes(file, picture, rendered, options) ? ownPixels(file, picture, options) : null;
  if (own && own.length < data.length) {
    const message = `Encoding it again would have made it larger (${sizes}), so it has the pixels of the file as they were.`;
    return { data: own, warnings: [{ code: "original_kept", message }] };
  }
  return {
    data,
    warnings: [{ code: "larger_than_input", message: `The result is larger than the file: ${sizes}.` }],
  };
}

/** Whether nothing was asked for but the same picture in the same format. */
function onlyEncodes(
  file: Buffer,
  picture: Picture,
  { format, frames }: Rendered,
  options: ImageConvertOptions,
): boolean {
  const { width, height, watermark } = options;
  const asItWas = !width && !height && !watermark && format === picture.format;
  // A file that was mended before it could be read, or lacks something, is not handed out as it came.
  const isWhole = (picture.data === file || format === "bmp") && picture.warnings.length === 0;
  return asItWas && isWhole && frames === picture.metadata.pages;
}

function ownPixels(
  file: Buffer,
  { format, metadata }: Picture,
  { keepMetadata }: ImageConvertOptions,
): Buffer | null {
  if (keepMetadata) return file;
  const { exif, xmp, gainMap, orientation } = metadata;
  // What an AVIF says beside its pixels is not taken out of it here.
  if (format === "avif") return exif || xmp !== undefined || gainMap || orientation !== 1 ? null : file;
  return withoutMetadata(file, format, orientation);
}
