import { createHash } from "node:crypto";

/** Standard normal numbers, deterministic for the given names. */
export function normals(...names: readonly (string | number)[]): () => number {
  const seed = createHash("sha256").update(JSON.stringify(names)).digest();
  const uniform = sfc32([0, 4, 8, 12].map((at) => seed.readUInt32LE(at)) as [number, number, number, number]);
  // Box and Muller, 1958.
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Small fast counter (Doty-Humphrey, PractRand), in [0, 1). */
function sfc32([a, b, c, counter]: [number, number, number, number]): () => number {
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}
