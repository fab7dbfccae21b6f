import { PermanentError } from "millrace";
import sharp from "sharp";

/** Longer side in pixels. More detail does not help the models. */
const LONGEST = 1_024;
/** Limit before downscaling. Decompression bombs are rejected by their header. */
const MOST_PIXELS = 50_000_000;

/** Decoded image: sRGB with three bytes per pixel, upright, without transparency. */
export interface Picture {
  data: Uint8Array;
  width: number;
  height: number;
}

/** @param name in error messages, such as `The first portrait (mother.jpg)` */
export async function readPortrait(bytes: Buffer, name: string): Promise<Picture> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: MOST_PIXELS })
      .autoOrient()
      .resize(LONGEST, LONGEST, { fit: "inside", withoutEnlargement: true })
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (cause) {
    const text = `${name} cannot be read as a picture. Send a JPEG, PNG or WebP of at most 50 megapixels.`;
    throw new PermanentError("unreadable_portrait", text, { cause });
  }
}
