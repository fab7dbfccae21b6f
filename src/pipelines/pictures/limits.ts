import { inWords, tooManyFrames, tooManyPages, tooManyPixels } from "./failure.ts";
import type { TiffPage } from "./tiff.ts";

/** Of an animation that stays one. Each frame costs a decoder and an encoder some milliseconds, however small it is. */
export const MAX_FRAMES = 2_000;
/** Of a document whose pages are all converted. */
const MAX_PAGES = 200;
/** The pixels of all those pages together, in pictures of the most pixels: 200 pages of A4 at 300 dpi. */
const MAX_PAGES_PIXELS = 40;

export interface PictureLimits {
  /** Pixels of all frames together that may be decoded. */
  maxPixels: number;
  /** The file in words, at the beginning of a sentence. */
  what: string;
}

const WITHOUT = "Without the animation, only its first frame counts.";

export function checkPixels(width: number, height: number, frames: number, limits: PictureLimits): void {
  const { maxPixels, what } = limits;
  const pixels = width * height * frames;
  if (pixels <= maxPixels) return;
  const size = `${inWords(width)} × ${inWords(height)}`;
  const extent = frames > 1 ? `${inWords(frames)} frames of ${size}` : size;
  const hint = frames > 1 ? ` ${WITHOUT}` : "";
  throw tooManyPixels(
    `${what} has ${inWords(pixels / 1e6)} megapixels (${extent}); at most ${inWords(maxPixels / 1e6)} are allowed.${hint}`,
  );
}

export function checkFrames(frames: number, { what }: PictureLimits): void {
  if (frames <= MAX_FRAMES) return;
  throw tooManyFrames(
    `${what} has ${inWords(frames)} frames; at most ${inWords(MAX_FRAMES)} are allowed in an animation. ${WITHOUT}`,
  );
}

/** Of a document whose pages are all converted, from what its directories say. */
export function checkPages(pages: readonly TiffPage[], { maxPixels, what }: PictureLimits): void {
  if (pages.length > MAX_PAGES) {
    throw tooManyPages(`${what} has ${inWords(pages.length)} pages; at most ${MAX_PAGES} are converted.`);
  }
  const pixels = pages.reduce((sum, { width, height }) => sum + width * height, 0);
  const most = maxPixels * MAX_PAGES_PIXELS;
  if (pages.length === 1 || pixels <= most) return;
  throw tooManyPixels(
    `${what} has ${inWords(pixels / 1e6)} megapixels on ${inWords(pages.length)} pages; at most ${inWords(most / 1e6)} are converted. Split it, or convert only its first page.`,
  );
}
