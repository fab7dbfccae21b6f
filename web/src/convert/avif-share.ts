/**
 * Size of an AVIF relative to a WebP of the same quality. No browser encodes AVIF, and an encoder would be larger than
 * the rest of the page. Medians over the sample photos at 800 px, encoded by the server. A single image may differ by a
 * third.
 */
const measured = [
  [20, 0.75],
  [35, 0.86],
  [50, 1.21],
  [65, 1.5],
  [80, 1.76],
  [90, 1.68],
  [97, 1.42],
] as const;

/** Interpolates linearly between measured qualities. */
export function avifShare(quality: number): number {
  const above = measured.findIndex(([at]) => at >= quality);
  const upper = measured[above === -1 ? measured.length - 1 : above]!;
  const lower = measured[above === -1 ? measured.length - 1 : Math.max(0, above - 1)]!;
  if (upper === lower) return upper[1];
  return lower[1] + ((quality - lower[0]) / (upper[0] - lower[0])) * (upper[1] - lower[1]);
}
