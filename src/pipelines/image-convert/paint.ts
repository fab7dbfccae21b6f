import type { OverlayOptions, Sharp } from "sharp";
import {
  type Canvas,
  type Color,
  flatten,
  fromCanvas,
  isGrayColor,
  parseColor,
  surround,
  toCanvas,
} from "../pictures/canvas.ts";
import { formats, type OutputFormat } from "../pictures/formats.ts";
import { eachFrame, fromStrip } from "../pictures/frames.ts";
import { fittingSource, keepMetadata } from "../pictures/metadata.ts";
import { decode, type Picture } from "../pictures/picture.ts";
import type { ImageConvertOptions } from "./options.ts";
import type { Size } from "./size.ts";

/** How to paint one image. */
export interface Painting {
  options: ImageConvertOptions;
  format: OutputFormat;
  size: Size;
  overlay: (OverlayOptions & { gray: boolean }) | null;
}

/** Pixels of the output: resized, on the background, with the watermark. */
export async function paint(source: Picture, painting: Painting): Promise<Sharp> {
  const picture = painting.options.keepMetadata ? fitting(source) : source;
  if (picture.frames > 1) return paintFrames(picture, painting);
  const image = needsCanvas(picture, painting)
    ? await paintOnCanvas(picture, painting)
    : change(decode(picture), picture, painting);
  return inSpace(image, picture, painting);
}

function fitting(picture: Picture): Picture {
  const { data, metadata } = picture;
  return picture.raw ? picture : { ...picture, data: fittingSource(data, metadata) };
}

/** Passes an animation through unless something changes its pixels. */
async function paintFrames(picture: Picture, painting: Painting): Promise<Sharp> {
  const { options, overlay } = painting;
  if (!resizes(options) && !overlay && picture.orientation === 1) return decode(picture);
  return fromStrip(await eachFrame(picture, (frame) => change(frame, picture, painting)));
}

function change(image: Sharp, picture: Picture, { options, format, overlay }: Painting): Sharp {
  let result = image;
  if (resizes(options)) {
    const background = formats[format].hasAlpha ? options.background : opaque(options.background);
    result = result.resize({ ...resizing(options), fit: options.fit, background });
  }
  if (!formats[format].hasAlpha) result = result.flatten({ background: opaque(options.background) });
  if (!overlay) return result;
  result = result.composite([overlay]);
  return picture.hasAlpha || parseColor(options.background)[3] < 255 ? result : result.removeAlpha();
}

/**
 * Works around sharp: on a gray image it makes a background gray, on a 16-bit image too dark, and it composites in
 * 8 bits. In these cases, we paint background and watermark onto RGB pixels.
 */
function needsCanvas(picture: Picture, painting: Painting): boolean {
  const deep = keepsDepth(picture, painting.format);
  if (!deep && !picture.gray) return false;
  return usesBackground(picture, painting) || (deep && painting.overlay !== null);
}

async function paintOnCanvas(picture: Picture, { options, format, size, overlay }: Painting): Promise<Sharp> {
  const fit = options.fit === "contain" ? "inside" : options.fit;
  const resized = resizes(options) ? decode(picture).resize({ ...resizing(options), fit }) : decode(picture);
  const deep = keepsDepth(picture, format);
  const source = deep && picture.hasProfile ? toSrgb(resized) : resized;
  const color = parseColor(options.background);
  let canvas: Canvas = await toCanvas(source, deep);
  if (canvas.width < size.width || canvas.height < size.height)
    canvas = surround(canvas, size, formats[format].hasAlpha ? color : solid(color));
  if (!formats[format].hasAlpha) canvas = flatten(canvas, solid(color));
  const image = fromCanvas(canvas);
  if (!overlay) return image;
  const marked = image.composite([overlay]);
  return canvas.channels === 4 ? marked : marked.removeAlpha();
}

/**
 * Converts to the output's color space and depth. Without metadata, sharp converts to sRGB and drops the profile.
 * With metadata, it keeps the profile and the pixels, unless the profile has other channels than the output.
 */
function inSpace(image: Sharp, picture: Picture, painting: Painting): Sharp {
  const { format, options, size, overlay } = painting;
  const deep = keepsDepth(picture, format);
  const gray = staysGray(picture, painting);
  const keepsProfile = options.keepMetadata && !picture.cmyk && (gray || !picture.gray);
  const keeping = { format, size, profile: keepsProfile, marked: overlay !== null };
  let result = options.keepMetadata ? keepMetadata(image, picture.metadata, keeping) : image;
  if (!keepsProfile && picture.deep && picture.hasProfile && !needsCanvas(picture, painting))
    result = toSrgb(result);
  if (gray) return result.toColourspace(deep ? "grey16" : "b-w");
  return deep ? result.toColourspace("rgb16") : result;
}

/** sharp processes 16-bit images with a profile in Display P3 and would label the result as sRGB. */
function toSrgb(image: Sharp): Sharp {
  return image.withIccProfile("srgb", { attach: false });
}

/** Whether both input and output are grayscale. */
export function staysGray(picture: Picture, painting: Painting): boolean {
  const { format, options, overlay } = painting;
  if (!picture.gray || !formats[format].hasGray || (overlay && !overlay.gray)) return false;
  return !usesBackground(picture, painting) || isGrayColor(parseColor(options.background));
}

function keepsDepth({ deep }: Picture, format: OutputFormat): boolean {
  return deep && formats[format].isDeep;
}

function usesBackground({ hasAlpha }: Picture, { options, format }: Painting): boolean {
  return (options.fit === "contain" && resizes(options)) || (hasAlpha && !formats[format].hasAlpha);
}

export function resizes({ width, height }: ImageConvertOptions): boolean {
  return width !== undefined || height !== undefined;
}

function resizing({ width, height, enlarge }: ImageConvertOptions) {
  return { width, height, withoutEnlargement: !enlarge };
}

function solid([red, green, blue]: Color): Color {
  return [red, green, blue, 255];
}

/** Drops the alpha of `#rgba` and `#rrggbbaa`. */
function opaque(color: string): string {
  return color.length < 6 ? color.slice(0, 4) : color.slice(0, 7);
}
