import { decodingBytes, encodingBytes } from "../image-convert/memory.ts";
import type { Extent } from "../pictures/extent.ts";
import type { ImageDeriveOptions } from "./options.ts";
import { formatsOf, sizesOf } from "./renditions.ts";

/** The reduced image behind all renditions, before and after its alpha channel is dropped. */
const BASE_BYTES = 2 * 4;
/** A rendition before encoding. */
const RENDITION_BYTES = 4;

/** Runtime and model for face detection. */
const FACES_BYTES = 400 * 1024 * 1024;

/** Upper bound of the memory for deriving, besides the process itself. Known before decoding. */
export function derivingBytes(picture: Extent, options: ImageDeriveOptions): number {
  // A crop, and so its renditions, have at most the image's pixels.
  const { width, height } = sizesOf(picture, options).sizes.at(-1)!;
  const pixels = options.crop ? picture.width * picture.height : width * height;
  const encoding = Math.max(
    ...formatsOf(options).map((format) => encodingBytes({ lossless: false, progressive: true }, format)),
  );
  const faces = options.crop?.focus === "faces" ? FACES_BYTES : 0;
  return faces + decodingBytes(picture) + pixels * (BASE_BYTES + RENDITION_BYTES + encoding);
}
