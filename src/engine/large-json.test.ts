import { expect, test } from "vitest";
import { INLINE_BYTES, inlineBytes } from "../domain/records.ts";
import { packJson } from "./large-json.ts";

test.each([1, 50, 512, 1_000, 10_000])(
  "the results that the records of %i items hold are bounded",
  (total) => {
    const limit = inlineBytes({ total });
    expect(limit).toBeLessThanOrEqual(INLINE_BYTES);
    expect(limit * total).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(packJson("x".repeat(limit - 2), limit).bytes).toBeNull();
    expect(packJson("x".repeat(limit - 1), limit).bytes).toHaveLength(limit + 1);
    // Three bytes per character.
    expect(packJson("한".repeat(Math.ceil(limit / 3)), limit).value).toBeNull();
  },
);

test("jobs of few items keep 64 KB of each", () => {
  expect(inlineBytes({ total: 1 })).toBe(65_536);
  expect(inlineBytes({ total: 512 })).toBe(65_536);
});
