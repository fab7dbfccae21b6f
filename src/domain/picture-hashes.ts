/**
 * Perceptual hashes of pictures: 64 bits as 16 hex digits, in four bands of 16 bits (see
 * `src/pipelines/pictures/perceptual-hash.ts`). The index finds all hashes within `MAX_DISTANCE` bits of one by the
 * values of its bands: two hashes that differ in at most 8 bits differ in at most 2 bits of the first band, or in at
 * most 1 of another. Otherwise they would differ in 3 + 2 + 2 + 2 = 9 (multi-index hashing, Norouzi, Punjani and Fleet
 * 2014).
 */

/** Most bits by which near-duplicates differ: the effect of re-encoding, resizing and slight edits. */
export const MAX_DISTANCE = 8;

/** Search radius of each band, in bits. */
const RADII = [2, 1, 1, 1] as const;
const BAND_BITS = 16;
const BAND_MASK = 0xffff;
const HASH = /^[0-9a-f]{16}$/;

export function isPictureHash(text: string): boolean {
  return HASH.test(text);
}

/** Number of differing bits, 0 to 64. */
export function hashDistance(one: string, other: string): number {
  return distance(wordsOf(one), wordsOf(other));
}

/** A hash as two 32-bit numbers, which compare faster than text. */
export type HashWords = readonly [high: number, low: number];

export function wordsOf(hash: string): HashWords {
  return [Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8), 16)];
}

export function distance(one: HashWords, other: HashWords): number {
  return ones(one[0] ^ other[0]) + ones(one[1] ^ other[1]);
}

function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}

/** The index keys of a hash, one for each band. */
export function bandKeys(hash: string): number[] {
  return bandsOf(hash).map((value, band) => keyOf(band, value));
}

/** The index keys of every hash within `MAX_DISTANCE` of one of these. */
export function nearKeys(hashes: readonly string[]): number[] {
  const keys = new Set<number>();
  for (const hash of hashes) {
    for (const [band, value] of bandsOf(hash).entries()) {
      for (const near of within(value, RADII[band]!)) keys.add(keyOf(band, near));
    }
  }
  return [...keys];
}

function bandsOf(hash: string): number[] {
  return RADII.map((_, band) => Number.parseInt(hash.slice(band * 4, band * 4 + 4), 16));
}

/**
 * Mirroring inverts a whole band or none, and never the first. So a band and its inverse share one key, and the eight
 * hashes of a picture, mirrored and rotated, look up a quarter of the keys that eight pictures would.
 */
function keyOf(band: number, value: number): number {
  const key = band === 0 ? value : Math.min(value, value ^ BAND_MASK);
  return (band << BAND_BITS) | key;
}

function* within(value: number, radius: 1 | 2): Generator<number> {
  yield value;
  for (let bit = 0; bit < BAND_BITS; bit++) {
    const one = value ^ (1 << bit);
    yield one;
    if (radius === 1) continue;
    for (let next = bit + 1; next < BAND_BITS; next++) yield one ^ (1 << next);
  }
}
