import { expect, test } from "vitest";
import { createRemaining, roundedUp } from "./remaining.ts";

test("nothing is said before there is something to go by", () => {
  const remaining = createRemaining();
  expect(remaining(0, 0)).toBeNull();
  expect(remaining(1_000, 0.1)).toBeNull();
  expect(remaining(5_000, 0.25)).toBeCloseTo(15);
});

test("the last half minute counts, not what was quicker before", () => {
  const remaining = createRemaining();
  for (let second = 0; second <= 10; second++) remaining(second * 1_000, second * 0.05);
  let last: number | null = null;
  for (let second = 11; second <= 50; second++) last = remaining(second * 1_000, 0.5 + (second - 10) * 0.005);
  expect(last).toBeCloseTo(60, 0);
});

test("what stands still has no end in sight, and a retry starts over", () => {
  const remaining = createRemaining();
  remaining(0, 0.5);
  expect(remaining(20_000, 0.5)).toBeNull();
  remaining(25_000, 0.8);
  expect(remaining(26_000, 0.2)).toBeNull();
});

test("a guess is rounded up", () => {
  expect([1, 12, 55, 56, 61, 119].map(roundedUp)).toEqual([5, 15, 55, 60, 120, 120]);
});
