import sharp, { type OverlayOptions } from "sharp";
import { decode, decoding, type Picture } from "../pictures/picture.ts";
import type { Raster } from "../pictures/raster.ts";
import { cornerOf, marginOf } from "./mark-position.ts";
import type { WatermarkOptions } from "./options.ts";
import type { Size } from "./size.ts";
import { renderText } from "./watermark-text.ts";

/** A text, or an image whose header was read. */
export type Mark = { text: string } | { image: Picture };

/** The watermark for an image of `size`, in the form that `sharp.composite` takes, and whether it is gray. */
export async function watermarkOverlay(
  mark: Mark,
  options: WatermarkOptions,
  size: Size,
): Promise<OverlayOptions & { gray: boolean }> {
  const margin = marginOf(size);
  const part = (side: number) => Math.max(1, Math.min(Math.round(side * options.size), side - 2 * margin));
  const box = { width: part(size.width), height: part(size.height) };
  const opaque = "text" in mark ? await renderText(mark.text, box) : await renderImage(mark.image, box);
  const raster = await fade(opaque, options.opacity);
  const { left, top } = cornerOf(raster, size, options.position);
  const gray = "text" in mark || mark.image.gray;
  return { input: raster.data, raw: rawOf(raster), left, top, gray };
}

function renderImage(image: Picture, box: Size): Promise<Raster> {
  return decoding(image, async (picture) => {
    const { data, info } = await decode(picture)
      .resize({ ...box, fit: "inside" })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    // A gray image stays gray, whatever color space we request.
    return { data, width: info.width, height: info.height, channels: info.channels === 2 ? 2 : 4 };
  });
}

async function fade(raster: Raster, opacity: number): Promise<Raster> {
  const colours = raster.channels - 1;
  const factors = [...Array<number>(colours).fill(1), opacity];
  const data = await sharp(raster.data, { raw: rawOf(raster) })
    .linear(factors, Array<number>(raster.channels).fill(0))
    .raw()
    .toBuffer();
  return { ...raster, data };
}

function rawOf({ width, height, channels }: Omit<Raster, "data">) {
  return { width, height, channels };
}
