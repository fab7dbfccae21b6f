import type { FacePixels } from "./mask.ts";
import type { Square } from "./warp.ts";

/** Mean and standard deviation of L*, a* and b*. */
export type Colors = { mean: Triple; deviation: Triple };
type Triple = [number, number, number];

/** Statistics of the given pixels. */
export function colorsOf({ data }: Square, which: Uint32Array): Colors {
  const sums: Triple = [0, 0, 0];
  const squares: Triple = [0, 0, 0];
  for (const pixel of which) {
    for (let channel = 0; channel < 3; channel++) {
      const value = data[pixel * 3 + channel]!;
      sums[channel]! += value;
      squares[channel]! += value * value;
    }
  }
  const count = Math.max(1, which.length);
  const mean = sums.map((sum) => sum / count) as Triple;
  const deviation = squares.map((sum, channel) =>
    Math.sqrt(Math.max(1e-6, sum / count - mean[channel]! ** 2)),
  ) as Triple;
  return { mean, deviation };
}

export function between(first: Colors, second: Colors, share: number): Colors {
  const mix = (a: Triple, b: Triple) => a.map((value, n) => value * (1 - share) + b[n]! * share) as Triple;
  return { mean: mix(first.mean, second.mean), deviation: mix(first.deviation, second.deviation) };
}

/**
 * Mixes two faces in Lab and gives the result the means and deviations of `goal` (Reinhard et al., Color transfer
 * between images, 2001). Removes each face's own lighting first, so that the brighter one does not dominate.
 * @param face pixels of the face, and those of them to measure
 * @param share weight of the second face at a position
 */
export function mixFaces(
  first: Square,
  second: Square,
  { face, share, goal }: { face: FacePixels; share: (x: number, y: number) => number; goal: Colors },
): Square {
  const { size } = first;
  const [own, other] = [colorsOf(first, face.inside), colorsOf(second, face.inside)];
  const mixed: Square = { data: new Float32Array(first.data.length), size };
  for (const pixel of face.covered) {
    const part = share(pixel % size, Math.trunc(pixel / size));
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const a = (first.data[at]! - own.mean[channel]!) / own.deviation[channel]!;
      const b = (second.data[at]! - other.mean[channel]!) / other.deviation[channel]!;
      mixed.data[at] = a * (1 - part) + b * part;
    }
  }
  // Mixing averages out differences and looks dull, so restore the deviation.
  const { mean, deviation } = colorsOf(mixed, face.inside);
  for (const pixel of face.covered) {
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const standard = (mixed.data[at]! - mean[channel]!) / deviation[channel]!;
      mixed.data[at] = standard * goal.deviation[channel]! + goal.mean[channel]!;
    }
  }
  return mixed;
}
