import { inWords } from "../pictures/failure.ts";
import type { Picture } from "../pictures/picture.ts";
import { withoutMetadata } from "../pictures/strip.ts";
import type { Warning } from "../pictures/warning.ts";
import type { ImageConvertOptions } from "./options.ts";
import type { Rendered } from "./render.ts";

/**
 * Chooses what to write, so that a file never grows silently: if it was only re-encoded and that made it larger, keeps
 * its own pixels.
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
    const message = `Encoding it again would have made it larger (${sizes}), so the original pixels were kept.`;
    return { data: own, warnings: [{ code: "original_kept", message }] };
  }
  return {
    data,
    warnings: [{ code: "larger_than_input", message: `The result is larger than the original: ${sizes}.` }],
  };
}

/** Whether the only request was the same image in the same format. */
function onlyEncodes(
  file: Buffer,
  picture: Picture,
  { format, frames }: Rendered,
  options: ImageConvertOptions,
): boolean {
  const { width, height, watermark, progressive, chroma } = options;
  const asItWas = !width && !height && !watermark && !progressive && !chroma && format === picture.format;
  // A file that had to be repaired or is incomplete must not be returned as it came.
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
  // We cannot strip metadata from an AVIF.
  if (format === "avif") return exif || xmp !== undefined || gainMap || orientation !== 1 ? null : file;
  return withoutMetadata(file, format, orientation);
}
