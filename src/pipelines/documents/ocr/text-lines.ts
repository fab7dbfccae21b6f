import { inkThreshold } from "../ink.ts";
import type { Box } from "../page-text.ts";
import { median } from "../page-text.ts";
import type { OcrImage } from "./engine.ts";

/** Minimum fraction of dark pixels for a pixel row to belong to a line. */
const LEAST_INK = 0.002;
/** Strips lower than this fraction of the usual line height are accents and dots of an adjacent line. */
const LOW = 0.45;

/** Finds the lines of a straightened, single-column image, from top to bottom. In pixels. */
export function findTextLines(image: OcrImage): Box[] {
  const { data, width, height } = image;
  const threshold = inkThreshold(image);
  const least = Math.max(1, width * LEAST_INK);
  const strips: { from: number; to: number }[] = [];
  for (let y = 0; y < height; y++) {
    let ink = 0;
    for (let x = y * width; x < (y + 1) * width; x++) if (data[x]! < threshold) ink++;
    if (ink < least) continue;
    const last = strips.at(-1);
    if (last?.to === y) last.to = y + 1;
    else strips.push({ from: y, to: y + 1 });
  }
  const usual = median(strips.map(({ from, to }) => to - from).filter((strip) => strip > 4));
  return joined(strips, usual).map(({ from, to }) => trimmed(image, threshold, from, to));
}

function joined(strips: readonly { from: number; to: number }[], usual: number) {
  const lines: { from: number; to: number }[] = [];
  for (const strip of strips) {
    const last = lines.at(-1);
    const isLow = strip.to - strip.from < usual * LOW || (last && last.to - last.from < usual * LOW);
    if (last && isLow && strip.from - last.to < usual * LOW) last.to = strip.to;
    else lines.push({ ...strip });
  }
  return lines.filter(({ from, to }) => to - from > 4);
}

function trimmed({ data, width, height }: OcrImage, threshold: number, from: number, to: number): Box {
  let [left, right] = [width, 0];
  for (let y = from; y < to; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x]! >= threshold) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  const margin = Math.round((to - from) * 0.15) + 1;
  const x = Math.max(0, left - margin);
  const y = Math.max(0, from - margin);
  return { x, y, width: Math.min(width, right + margin) - x, height: Math.min(height, to + margin) - y };
}
