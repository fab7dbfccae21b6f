import { encode } from "blurhash";
import { rgbaToThumbHash } from "thumbhash";
import { type Canvas, fromCanvas } from "../pictures/canvas.ts";

export interface Placeholder {
  /** Base64 of 21 to 28 bytes: colors, aspect ratio and transparency. */
  thumbhash: string;
  blurhash: string;
}

/** Maximum input size of a ThumbHash. */
const SIDE = 100;
const BLUR_SIDE = 32;
/** Components of a BlurHash along the longer and the shorter side. */
const [LONG, SHORT] = [4, 3];

/** Placeholders to show until an image has loaded. */
export async function placeholdersOf(preview: Canvas): Promise<Placeholder> {
  const { data, width, height } = await rgba(preview, SIDE);
  const thumbhash = Buffer.from(rgbaToThumbHash(width, height, data)).toString("base64");
  const small = await rgba(preview, BLUR_SIDE);
  const waves = small.width >= small.height ? ([LONG, SHORT] as const) : ([SHORT, LONG] as const);
  const pixels = new Uint8ClampedArray(small.data);
  return { thumbhash, blurhash: encode(pixels, small.width, small.height, ...waves) };
}

async function rgba(preview: Canvas, side: number) {
  const { data, info } = await fromCanvas(preview)
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
