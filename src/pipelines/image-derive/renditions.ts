import { type DeriveFormat, deriveFormats } from "./choices.ts";
import type { ImageDeriveOptions } from "./options.ts";

export interface Size {
  width: number;
  height: number;
}

/** Sizes in pixels, smallest first, and the widths for which the image is too small. */
export interface Sizes {
  sizes: Size[];
  tooWide: number[];
}

/** Sizes of the renditions. Images are never enlarged, so their own width replaces larger ones. */
export function sizesOf(source: Size, { widths, densities }: ImageDeriveOptions): Sizes {
  const wanted = new Set(widths.flatMap((width) => densities.map((density) => Math.round(width * density))));
  const tooWide = [...wanted].filter((width) => width > source.width).sort((a, b) => a - b);
  const made = new Set(
    [...wanted].filter((width) => width >= 1).map((width) => Math.min(width, source.width)),
  );
  const sizes = [...made]
    .sort((a, b) => a - b)
    .map((width) => ({ width, height: Math.max(1, Math.round((source.height * width) / source.width)) }));
  return { sizes, tooWide };
}

/** Best first, without duplicates. */
export function formatsOf({ formats }: ImageDeriveOptions): DeriveFormat[] {
  return deriveFormats.filter((format) => formats.includes(format));
}
