import type { Sharp } from "sharp";

/** An image's perceptual hash, and those of its mirrored and rotated versions. */
export interface PerceptualHash {
  /** 64 bits as 16 hexadecimal digits. */
  hash: string;
  /** Hashes for all eight orientations, the original first. */
  turned: string[];
}

/** Side to which the image is reduced, in pixels. */
const SIDE = 32;
/** Frequencies per axis: 0 to 7, plus 8 in place of the mean, which says nothing about the content. */
const FREQUENCIES = 9;
/** Minimum amplitude of a frequency in gray levels. Rounding and coarse JPEGs add less. */
const NOISE = 2;
/** Minimum number of frequencies above the noise. The hash of a plain area would be meaningless. */
const LEAST_FREQUENCIES = 6;

/**
 * The signs of an image's lowest frequencies (a DCT of 32 × 32 gray pixels). Re-encoding and resizing change a few of
 * the 64 bits. Different images differ in about half. The four bands of 16 bits hold the frequencies that are even on
 * both axes, odd down, odd across, and odd on both: mirroring inverts whole bands, and rotating swaps the middle two.
 * `null` for an image too plain to be distinguished from others.
 * @param image an image file, or decoded from one
 */
export async function perceptualHash(image: Buffer | Sharp): Promise<PerceptualHash | null> {
  const source = Buffer.isBuffer(image) ? await decoded(image) : image;
  const pixels = await source
    .flatten({ background: "#ffffff" })
    .resize(SIDE, SIDE, { fit: "fill" })
    .toColourspace("b-w")
    .raw({ depth: "uchar" })
    .toBuffer();
  return hashOfPixels(pixels);
}

/** Loads sharp on demand, because importing the package must not. */
async function decoded(image: Buffer): Promise<Sharp> {
  const { default: sharp } = await import("sharp");
  return sharp(image, { autoOrient: true });
}

/** @param pixels 32 × 32 gray pixels */
export function hashOfPixels(pixels: Uint8Array): PerceptualHash | null {
  const frequencies = lowFrequencies(pixels);
  const turned: string[] = [];
  for (const transposed of [false, true]) {
    for (const [across, down] of MIRRORED) turned.push(signs(frequencies, transposed, across, down));
  }
  const strong = frequencies.filter((value, index) => index > 0 && Math.abs(value) > NOISE).length;
  return strong < LEAST_FREQUENCIES ? null : { hash: turned[0]!, turned };
}

/** Signs of the odd frequencies across and down, for each mirroring. */
const MIRRORED = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** In bit order: even on both axes, odd down, odd across, odd on both. */
const ORDER = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
].flatMap(([across, down]) =>
  [0, 2, 4, 6].flatMap((v) => [0, 2, 4, 6].map((u) => [u + across!, v + down!] as const)),
);

function signs(frequencies: Float64Array, transposed: boolean, across: number, down: number): string {
  let hash = "";
  let digit = 0;
  for (const [index, [u, v]] of ORDER.entries()) {
    const [x, y] = index === 0 ? [FREQUENCIES - 1, FREQUENCIES - 1] : transposed ? [v, u] : [u, v];
    const value = frequencies[y * FREQUENCIES + x]! * (u % 2 ? across : 1) * (v % 2 ? down : 1);
    // Compare with the noise rather than 0, so that a symmetrical image always has the same bits without a signal.
    digit = digit * 2 + (value > NOISE ? 1 : 0);
    if (index % 4 < 3) continue;
    hash += digit.toString(16);
    digit = 0;
  }
  return hash;
}

/** cos((2x + 1) u π / 2N), scaled so that the transform preserves lengths. */
const COSINES = Array.from({ length: FREQUENCIES }, (_, u) =>
  Float64Array.from(
    { length: SIDE },
    (_, x) => Math.sqrt((u === 0 ? 1 : 2) / SIDE) * Math.cos(((2 * x + 1) * u * Math.PI) / (2 * SIDE)),
  ),
);

/** The lowest frequencies of a discrete cosine transform, row by row. */
function lowFrequencies(pixels: Uint8Array): Float64Array {
  const rows = new Float64Array(FREQUENCIES * SIDE);
  for (let u = 0; u < FREQUENCIES; u++) {
    for (let y = 0; y < SIDE; y++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += pixels[y * SIDE + x]! * COSINES[u]![x]!;
      rows[u * SIDE + y] = sum;
    }
  }
  const result = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let v = 0; v < FREQUENCIES; v++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += rows[u * SIDE + y]! * COSINES[v]![y]!;
      result[v * FREQUENCIES + u] = sum;
    }
  }
  return result;
}
