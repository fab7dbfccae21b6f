/** Choices and limits of `image.derive`, shared by its schema and the page. Must not import anything. */

/** Best first: a browser should get the first one that it supports, which is the smallest. */
export const deriveFormats = ["avif", "webp", "jpeg", "png"] as const;
export type DeriveFormat = (typeof deriveFormats)[number];

export const gravities = [
  "center",
  "top",
  "top-right",
  "right",
  "bottom-right",
  "bottom",
  "bottom-left",
  "left",
  "top-left",
] as const;
/** What a crop centers on. */
export const focuses = [...gravities, "attention", "entropy", "faces"] as const;
export type Focus = (typeof focuses)[number];

/** Maximum number of widths. */
export const MAX_WIDTHS = 12;
/** Maximum number of renditions of an image, over all widths, densities and formats. */
export const MAX_RENDITIONS = 48;
/** Maximum number of near-duplicates to report. */
export const MAX_DUPLICATES = 20;
