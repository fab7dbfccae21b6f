import fc from "fast-check";
import { expect, test } from "vitest";
import { bandKeys, hashDistance, isPictureHash, MAX_DISTANCE, nearKeys } from "./picture-hashes.ts";

const hashes = fc
  .array(fc.nat({ max: 0xffff }), { minLength: 4, maxLength: 4 })
  .map((bands) => bands.map((band) => band.toString(16).padStart(4, "0")).join(""));

test("the distance counts bits that differ", () => {
  expect(hashDistance("0000000000000000", "ffffffffffffffff")).toBe(64);
  expect(hashDistance("8000000000000001", "0000000080000000")).toBe(3);
  expect([isPictureHash("0123456789abcdef"), isPictureHash("0123456789ABCDEF"), isPictureHash("01")]).toEqual(
    [true, false, false],
  );
});

test("what is near enough is found by one of its bands", () => {
  const flips = fc.uniqueArray(fc.nat({ max: 63 }), { minLength: 0, maxLength: MAX_DISTANCE });
  fc.assert(
    fc.property(hashes, flips, (hash, bits) => {
      const flipped = bits.reduce((value, bit) => value ^ (1n << BigInt(bit)), BigInt(`0x${hash}`));
      const other = flipped.toString(16).padStart(16, "0");
      expect(hashDistance(hash, other)).toBe(bits.length);
      const keys = new Set(nearKeys([hash]));
      expect(bandKeys(other).some((key) => keys.has(key))).toBe(true);
    }),
  );
});

test("a hash and its mirror images look at the same keys", () => {
  const mirrored = ["1234567890abcdef", "12345678" + "6f543210", "1234a98790ab3210", "1234a9876f54cdef"];
  expect(nearKeys(mirrored).length).toBe(nearKeys(["1234567890abcdef"]).length);
});
