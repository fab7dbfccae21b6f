import sharp from "sharp";
import { inkGrid } from "./ink.ts";
import type { Raster } from "./raster.ts";

/** Range of angles to search, in degrees. */
const MOST_DEGREES = 6;
/** Smaller angles are not corrected. */
const LEAST_DEGREES = 0.2;
/** Side of a cell in pixels at 300 dpi. */
const SIDE = 4;
const MOST_POINTS = 40_000;

/** A straightened page, and how to map it back. */
export interface Upright {
  raster: Raster;
  /** Clockwise angle by which the page's lines slope down to the right. */
  degrees: number;
  /** Converts pixels of the straightened raster to pixels of the page. */
  toPage(x: number, y: number): [number, number];
}

/** Straightens a page whose lines are not level. */
export async function deskew(raster: Raster): Promise<Upright> {
  const degrees = skewOf(raster);
  if (Math.abs(degrees) < LEAST_DEGREES) return { raster, degrees: 0, toPage: (x, y) => [x, y] };
  const { width, height } = raster;
  const { data, info } = await sharp(raster.data, { raw: { width, height, channels: 1 } })
    .rotate(-degrees, { background: "#ffffff" })
    .toColourspace("b-w")
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return {
    raster: { data, width: info.width, height: info.height, dpi: raster.dpi },
    degrees,
    toPage(x, y) {
      const [dx, dy] = [x - info.width / 2, y - info.height / 2];
      return [dx * cos - dy * sin + width / 2, dx * sin + dy * cos + height / 2];
    },
  };
}

/**
 * Angle by which a page's lines slope down to the right: the one whose row profile has the sharpest edges
 * (Postl 1986).
 */
export function skewOf(raster: Raster): number {
  const points = inkPoints(raster);
  if (points.length < 100) return 0;
  let best = 0;
  let range = MOST_DEGREES;
  for (const step of [0.5, 0.1, 0.05]) {
    const from = best;
    let sharpest = -1;
    for (let degrees = from - range; degrees <= from + range + 1e-9; degrees += step) {
      const sharpness = sharpnessAt(points, degrees);
      if (sharpness > sharpest) [sharpest, best] = [sharpness, degrees];
    }
    range = step;
  }
  // A maximum at the end of the range is not a peak.
  return Math.abs(best) >= MOST_DEGREES ? 0 : best;
}

function inkPoints(raster: Raster): [number, number][] {
  const grid = inkGrid(raster, SIDE);
  const points: [number, number][] = [];
  // Cells with ink and none below: lower edges of letters, which align along a line.
  for (let y = 0; y + 1 < grid.rows; y++) {
    for (let x = 0; x < grid.columns; x++) {
      const at = y * grid.columns + x;
      if (grid.cells[at] && !grid.cells[at + grid.columns]) points.push([x, y]);
    }
  }
  const every = Math.ceil(points.length / MOST_POINTS);
  return every <= 1 ? points : points.filter((_, index) => index % every === 0);
}

function sharpnessAt(points: readonly [number, number][], degrees: number): number {
  const slope = Math.tan((degrees * Math.PI) / 180);
  const rows = new Map<number, number>();
  for (const [x, y] of points) {
    const row = Math.round(y - x * slope);
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  let sum = 0;
  for (const count of rows.values()) sum += count * count;
  return sum;
}
