import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRuns, encodeRuns } from "./runs.ts";

test("offsets beyond a base come back", () => {
  expect(encodeRuns(100, [103, 104, 110])).toBe("1.3.2.5.1");
  expect([...decodeRuns(100, "1.3.2.5.1")]).toEqual([103, 104, 110]);
  const offsets = fc.uniqueArray(fc.nat(5_000)).map((list) => list.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(fc.nat(1_000_000), offsets, (base, list) => {
      const above = list.map((offset) => base + 1 + offset);
      expect([...decodeRuns(base, encodeRuns(base, above))]).toEqual(above);
    }),
  );
});

test("what does not fit beside an offset is left out", () => {
  const everyOther = Array.from({ length: 5_000 }, (_, index) => 1 + index * 2);
  const text = encodeRuns(0, everyOther);
  expect(text.length).toBeLessThanOrEqual(4_001);
  const kept = [...decodeRuns(0, text)];
  expect(kept.length).toBeGreaterThan(900);
  expect(kept).toEqual(everyOther.slice(0, kept.length));
});

test("a text that is not ours says nothing", () => {
  for (const text of ["", "NONE", "1", "2.3.1", "1.3", "1.3.zzzzz", "1.-1.2"])
    expect(decodeRuns(0, text).size).toBe(0);
});
