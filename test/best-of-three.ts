import { expect } from "vitest";

/**
 * Expects a time to be below a bound in one of three tries, because other programs on the machine only ever make it
 * longer. What else a try checks must hold in each.
 * @param measure returns milliseconds
 */
export async function expectBestWithin(boundMs: number, measure: () => Promise<number>): Promise<void> {
  let ms = await measure();
  for (let tries = 1; tries < 3 && ms >= boundMs; tries++) ms = await measure();
  expect(ms).toBeLessThan(boundMs);
}
