import { inWords, tooManyFrames, tooManyPages, tooManyPixels } from "./failure.ts";
import type { TiffPage } from "./tiff.ts";

/** Frames of an animated output. Each costs a few milliseconds of decoding and encoding, however small it is. */
export const MAX_FRAMES = 2_000;
/** Pages of a document when all are converted. */
const MAX_PAGES = 200;
/** Total pixels of these pages, as a multiple of `maxPixels`: 200 A4 pages at 300 dpi. */
const MAX_PAGES_PIXELS = 40;

export interface PictureLimits {
  /** Maximum number of pixels to decode, counting all frames. */
  maxPixels: number;
  /** Names the file at the beginning of a sentence. */
  what: string;
}

const WITHOUT = "If you turn off the animation, only the first frame counts.";

export function checkPixels(width: number, height: number, frames: number, limits: PictureLimits): void {
  const { maxPixels, what } = limits;
  const pixels = width * height * frames;
  if (pixels <= maxPixels) return;
  const size = `${inWords(width)} × ${inWords(height)}`;
  const extent = frames > 1 ? `${inWords(frames)} frames of ${size}` : size;
  const hint = frames > 1 ? ` ${WITHOUT}` : "";
  throw tooManyPixels(
    `${what} has ${inWords(pixels / 1e6)} megapixels (${extent}). The limit is ${inWords(maxPixels / 1e6)}.${hint}`,
  );
}

export function checkFrames(frames: number, { what }: PictureLimits): void {
  if (frames <= MAX_FRAMES) return;
  throw tooManyFrames(
    `${what} has ${inWords(frames)} frames. The limit for an animation is ${inWords(MAX_FRAMES)}. ${WITHOUT}`,
  );
}

/** Checks a document whose pages are all converted, based on its directories. */
export function checkPages(pages: readonly TiffPage[], { maxPixels, what }: PictureLimits): void {
  if (pages.length > MAX_PAGES) {
    throw tooManyPages(`${what} has ${inWords(pages.length)} pages. The limit is ${MAX_PAGES}.`);
  }
  const pixels = pages.reduce((sum, { width, height }) => sum + width * height, 0);
  const most = maxPixels * MAX_PAGES_PIXELS;
  if (pages.length === 1 || pixels <= most) return;
  throw tooManyPixels(
    `${what} has ${inWords(pixels / 1e6)} megapixels on ${inWords(pages.length)} pages. The limit is ${inWords(most / 1e6)}. Split it, or convert only its first page.`,
  );
}
