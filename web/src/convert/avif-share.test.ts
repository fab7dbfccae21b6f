import { expect, test } from "vitest";
import { avifShare } from "./avif-share.ts";

test("a quality between two measured ones is between them, and beyond the ends as at the ends", () => {
  expect(avifShare(50)).toBe(1.21);
  expect(avifShare(42.5)).toBeCloseTo((0.86 + 1.21) / 2);
  expect([avifShare(1), avifShare(100)]).toEqual([0.75, 1.42]);
});
