import { expect, test } from "vitest";
import { createUploadRate } from "./upload-rate.ts";

test("says nothing before it can know", () => {
  const update = createUploadRate();
  expect(update(0, 0, 1_000)).toEqual({ bytesPerSecond: null, secondsLeft: null });
  expect(update(100, 100, 1_000).bytesPerSecond).toBeNull();
});

test("reckons speed and time left", () => {
  const update = createUploadRate();
  update(0, 0, 10_000);
  expect(update(1_000, 2_000, 10_000)).toEqual({ bytesPerSecond: 2_000, secondsLeft: 4 });
});

test("follows the last seconds, not the whole upload", () => {
  const update = createUploadRate();
  for (let second = 0; second <= 60; second++) update(second * 1_000, second * 1_000, 1_000_000);
  let rate = update(60_000, 60_000, 1_000_000);
  for (let second = 1; second <= 10; second++) {
    rate = update(60_000 + second * 1_000, 60_000 + second * 5_000, 1_000_000);
  }
  expect(rate.bytesPerSecond).toBeCloseTo(5_000, 0);
});

test("a stalled upload has no time left to show", () => {
  const update = createUploadRate();
  update(0, 500, 1_000);
  expect(update(9_000, 500, 1_000)).toEqual({ bytesPerSecond: 0, secondsLeft: null });
});

test("begins anew where the server has less than was sent", () => {
  const update = createUploadRate();
  update(0, 0, 10_000);
  update(1_000, 5_000, 10_000);
  expect(update(2_000, 2_000, 10_000).bytesPerSecond).toBeNull();
  expect(update(3_000, 3_000, 10_000).bytesPerSecond).toBe(1_000);
});
