import type { Raster } from "./raster.ts";

/** Where a page has ink, in cells of `side` × `side` pixels. */
export interface InkGrid {
  /** 1 for ink. */
  cells: Uint8Array;
  columns: number;
  rows: number;
  /** Side of a cell in pixels. */
  side: number;
}

/** Minimum dark pixels for a cell to count as ink. Fewer are dust. */
const SPECKS = 3;
const DARKEST_THRESHOLD = 80;
const LIGHTEST_THRESHOLD = 200;

export function inkGrid(raster: Raster, side: number, threshold = inkThreshold(raster)): InkGrid {
  const { data, width, height } = raster;
  const columns = Math.ceil(width / side);
  const rows = Math.ceil(height / side);
  const counts = new Uint16Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / side) * columns;
    const line = y * width;
    for (let x = 0; x < width; x++) {
      if (data[line + x]! < threshold) counts[row + Math.floor(x / side)]!++;
    }
  }
  const least = Math.min(SPECKS, side);
  const cells = new Uint8Array(counts.length);
  for (let at = 0; at < counts.length; at++) cells[at] = counts[at]! >= least ? 1 : 0;
  return { cells, columns, rows, side };
}

/**
 * Pixels darker than this are ink. Otsu's method (1979): the threshold with the greatest between-class variance.
 */
export function inkThreshold({ data }: Pick<Raster, "data">): number {
  const histogram = new Float64Array(256);
  // A sample of a few hundred thousand pixels is enough.
  const step = Math.max(1, Math.floor(data.length / 500_000));
  let total = 0;
  let sum = 0;
  for (let at = 0; at < data.length; at += step) {
    const value = data[at]!;
    histogram[value]!++;
    sum += value;
    total++;
  }
  let [dark, darkSum, best, threshold] = [0, 0, 0, 128];
  for (let value = 0; value < 256; value++) {
    dark += histogram[value]!;
    darkSum += value * histogram[value]!;
    const light = total - dark;
    if (dark === 0 || light === 0) continue;
    const difference = darkSum / dark - (sum - darkSum) / light;
    const variance = dark * light * difference * difference;
    if (variance > best) [best, threshold] = [variance, value];
  }
  return Math.max(DARKEST_THRESHOLD, Math.min(LIGHTEST_THRESHOLD, threshold + 1));
}
