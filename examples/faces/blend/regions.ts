import type { Point } from "../face/finder.ts";

/** Regions of a face that may resemble one parent more than the other. */
export const regions = ["forehead", "eyes", "nose", "mouth", "jaw"] as const;
export type Region = (typeof regions)[number];
/** Weight of the second parent in each region, 0 to 1. */
export type Shares = Record<Region, number>;

/** Mesh points whose centroid is the region's center. */
const marks: Record<Region, readonly number[]> = {
  forehead: [10, 105, 334],
  eyes: [33, 133, 362, 263],
  nose: [1, 64, 294],
  mouth: [61, 291, 0, 17],
  jaw: [152, 172, 397],
};
/** Extent of a region in face widths, large enough to hide the transitions. */
const REACH = 0.22;

/** The weight at any position, with smooth transitions between regions. */
export function shareField(points: readonly Point[], shares: Shares): (x: number, y: number) => number {
  const width = Math.abs(points[454]![0] - points[234]![0]);
  const spread = 2 * (REACH * width) ** 2;
  const parts = regions.map((name) => {
    const own = marks[name].map((index) => points[index]!);
    const mean = (axis: 0 | 1) => own.reduce((sum, point) => sum + point[axis], 0) / own.length;
    return { x: mean(0), y: mean(1), share: shares[name] };
  });
  return (x, y) => {
    let [sum, weight] = [0, 0];
    for (const part of parts) {
      // Far from all regions, the nearest one still counts.
      const near = Math.exp(-((x - part.x) ** 2 + (y - part.y) ** 2) / spread) + 1e-9;
      sum += near * part.share;
      weight += near;
    }
    return sum / weight;
  };
}
