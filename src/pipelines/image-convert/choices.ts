/** What `image.convert` lets one choose from, and its limits: for its schema and for the page, so without imports. */

/** WebP holds no more on a side; beyond it, sizes are of no use to pictures on a screen or paper. */
export const MAX_SIDE = 16_383;

/** Characters of a watermark's text. */
export const MAX_MARK_CHARACTERS = 200;

export const outputFormats = ["jpeg", "png", "webp", "avif", "tiff", "gif", "bmp", "original"] as const;

export const fits = ["inside", "cover", "contain", "fill", "outside"] as const;

/** Row by row, as they lie on a picture. */
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
