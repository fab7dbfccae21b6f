import { expect, test } from "vitest";
import { dueTimes, usersAt, whenReached } from "./arrivals.ts";
import { pick, ramp, spike } from "./profiles.ts";

const { stages } = ramp(10, 120, 60_000);

test("a ramp has the users of each moment, and each user's turn to begin", () => {
  expect(usersAt(stages, 0)).toBe(10);
  expect(usersAt(stages, 30_000)).toBe(65);
  expect(usersAt(stages, 60_000)).toBe(0);
  expect(whenReached(stages, 10, 0)).toBe(0);
  expect(whenReached(stages, 65, 0)).toBe(30_000);
  expect(whenReached(stages, 65, 45_000)).toBe(45_000);
  expect(whenReached(stages, 121, 0)).toBeNull();
  expect(whenReached(stages, 1, 60_000)).toBeNull();
});

test("after a spike its users rest", () => {
  const { stages: spiky } = spike(5, 50, 100_000);
  expect(usersAt(spiky, 20_000)).toBe(5);
  expect(usersAt(spiky, 40_000)).toBe(50);
  expect(usersAt(spiky, 90_000)).toBe(5);
  expect(whenReached(spiky, 6, 0)).toBeCloseTo(25_000 + 2_000 / 45);
  expect(whenReached(spiky, 6, 60_000)).toBeNull();
});

test("even arrivals come at the rate of each moment", () => {
  const due = [...dueTimes(stages, { perUser: 1, seed: 1, spacing: "even" })];
  // Mean users of the ramp, times its length.
  expect(due.length).toBe(65 * 60);
  const within = (from: number, to: number) => due.filter((ms) => ms >= from && ms < to).length;
  expect(within(0, 1_000)).toBeCloseTo(11, -1);
  expect(within(59_000, 60_000)).toBeCloseTo(119, -1);
  expect(due).toEqual(due.toSorted((a, b) => a - b));
  expect(due.at(-1)).toBeLessThanOrEqual(60_000);
});

test("random arrivals have the same rates, other times for another seed, and gaps like a Poisson process", () => {
  const steady = [{ ms: 100_000, from: 50, to: 50 }];
  const arrivals = (seed: number) => [...dueTimes(steady, { perUser: 1, seed, spacing: "random" })];
  const due = arrivals(7);
  expect(due).toEqual(arrivals(7));
  expect(due).not.toEqual(arrivals(8));
  // 5,000 are expected. The standard deviation of a Poisson count is its square root, 71.
  expect(Math.abs(due.length - 5_000)).toBeLessThan(4 * 71);
  const gaps = due.slice(1).map((ms, n) => ms - due[n]!);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const longer = gaps.filter((gap) => gap > mean).length / gaps.length;
  expect(longer).toBeCloseTo(Math.exp(-1), 1);
});

test("no users, no arrivals; and a load that falls to nothing ends", () => {
  const options = { perUser: 1, seed: 1, spacing: "even" } as const;
  expect([...dueTimes([{ ms: 1_000, from: 0, to: 0 }], options)]).toEqual([]);
  expect([...dueTimes([{ ms: 2_000, from: 10, to: 0 }], options)]).toHaveLength(10);
});

test("scenarios are picked by their weights", () => {
  const shares = [
    { scenario: "convert", weight: 3 },
    { scenario: "label", weight: 1 },
  ];
  expect([0, 0.74, 0.76, 1].map((random) => pick(shares, random))).toEqual([
    "convert",
    "convert",
    "label",
    "label",
  ]);
  expect(pick([], 0.5)).toBeNull();
});
