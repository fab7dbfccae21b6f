/** Choices and limits of `image.convert`, shared by its schema and the page. Must not import anything. */

/** Maximum side of a WebP. Larger images are of no use on screen or paper. */
export const MAX_SIDE = 16_383;

/** Maximum length of a watermark text. */
export const MAX_MARK_CHARACTERS = 200;

export const outputFormats = ["jpeg", "png", "webp", "avif", "tiff", "gif", "bmp", "original"] as const;

/** Chroma subsampling. */
export const chromas = ["4:2:0", "4:4:4"] as const;

export const fits = ["inside", "cover", "contain", "fill", "outside"] as const;

/** In rows, as they lie on an image. */
export const positions = [
  "top-left",
  "top",
  "top-right",
  "left",
  "center",
  "right",
  "bottom-left",
  "bottom",
  "bottom-right",
] as const;
export type Position = (typeof positions)[number];
