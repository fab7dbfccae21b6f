import type { Sharp } from "sharp";
import { fileFailure, inWords, tooManyPixels } from "../pictures/failure.ts";
import { encode, formats, type OutputFormat, outputFormat } from "../pictures/formats.ts";
import { fittingSource, keepMetadata } from "../pictures/metadata.ts";
import { decode, type Picture } from "../pictures/picture.ts";
import type { ImageConvertOptions } from "./options.ts";
import { outputSize, type Size } from "./size.ts";
import { type Mark, watermarkOverlay } from "./watermark.ts";

export interface Rendered {
  data: Buffer;
  format: OutputFormat;
  width: number;
  height: number;
  frames: number;
}

/** Decodes, resizes, marks and encodes a picture in one pass of libvips, in its threads. */
export async function render(
  picture: Picture,
  options: ImageConvertOptions,
  mark: Mark | null,
): Promise<Rendered> {
  const format = outputFormat(picture.format, options.format);
  const size = outputSize(picture, options);
  checkOutput(size, picture, format);
  const overlay =
    mark && options.watermark ? await watermarkOverlay(mark, options.watermark, size, picture.frames) : null;

  const data = options.keepMetadata ? fittingSource(picture.data, picture.metadata) : picture.data;
  let image = decode({ ...picture, data });
  if (options.width || options.height) {
    image = image.resize({
      width: options.width,
      height: options.height,
      fit: options.fit,
      withoutEnlargement: !options.enlarge,
      background: formats[format].hasAlpha ? options.background : opaque(options.background),
      // The decoder rounds sizes its own way, and the overlay of an animation must fit to the pixel.
      fastShrinkOnLoad: !overlay || picture.frames === 1,
    });
  }
  if (!formats[format].hasAlpha) image = image.flatten({ background: opaque(options.background) });
  if (overlay) {
    image = image.composite([overlay]);
    if (!picture.hasAlpha && isOpaque(options.background)) image = image.removeAlpha();
  }
  if (options.keepMetadata) {
    const keeping = { format, size, profile: !picture.cmyk, marked: overlay !== null };
    image = keepMetadata(image, picture.metadata, keeping);
  }
  const { density } = picture.metadata;
  image = encode(colours(image, picture, format, options), format, { ...options, density });
  try {
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    return {
      data,
      format,
      width: info.width,
      height: info.pageHeight ?? info.height,
      frames: info.pages ?? 1,
    };
  } catch (error) {
    throw fileFailure(error, "The file");
  }
}

/**
 * Without metadata, sharp brings the colours to sRGB and drops the profile. With it, the profile stays and the
 * pixels with it, but for CMYK, which no output but JPEG and TIFF has: that becomes sRGB in any case.
 */
function colours(image: Sharp, picture: Picture, format: OutputFormat, options: ImageConvertOptions): Sharp {
  const keepsProfile = options.keepMetadata && !picture.cmyk;
  let result = image;
  if (!picture.deep) return result;
  // sharp works on 16-bit pictures with a profile in Display P3, and would write that as if it were sRGB.
  if (picture.hasProfile && !keepsProfile) result = result.withIccProfile("srgb", { attach: false });
  const keepsDepth = (format === "png" || format === "tiff") && !options.watermark;
  return keepsDepth ? result.toColourspace("rgb16") : result;
}

function checkOutput(size: Size, { frames, maxPixels }: Picture, format: OutputFormat): void {
  const { label, maxSide } = formats[format];
  const extent = `${inWords(size.width)} × ${inWords(size.height)}`;
  const pixels = size.width * size.height * frames;
  if (pixels > maxPixels) {
    throw tooManyPixels(
      `The converted picture would have ${inWords(pixels / 1e6)} megapixels (${frames > 1 ? `${inWords(frames)} frames of ` : ""}${extent}); at most ${inWords(maxPixels / 1e6)} are allowed.`,
    );
  }
  if (Math.max(size.width, size.height) > maxSide) {
    throw tooManyPixels(
      `The converted picture would be ${extent} pixels, and ${label} takes at most ${inWords(maxSide)} on a side. Choose another format or a smaller size.`,
    );
  }
}

/** `#rgba` and `#rrggbbaa` without their alpha. */
function opaque(colour: string): string {
  return colour.length < 6 ? colour.slice(0, 4) : colour.slice(0, 7);
}

function isOpaque(colour: string): boolean {
  return /^#(...f?|.{6}(ff)?)$/i.test(colour);
}
