import { expect, test } from "vitest";
import { fitUsl, uslThroughput } from "./usl.ts";

function points(usl: { rate: number; contention: number; coherence: number }, workers: number[]) {
  return workers.map((n) => ({ workers: n, perSecond: uslThroughput(usl, n) }));
}

test.each([
  { rate: 2, contention: 0, coherence: 0 },
  { rate: 0.5, contention: 0.2, coherence: 0 },
  { rate: 10, contention: 0.05, coherence: 0.02 },
])("finds the coefficients that made the points: %j", (usl) => {
  const found = fitUsl(points(usl, [1, 2, 4]))!;
  expect(found.rate).toBeCloseTo(usl.rate, 6);
  expect(found.contention).toBeCloseTo(usl.contention, 6);
  expect(found.coherence).toBeCloseTo(usl.coherence, 6);
  expect(found.r2).toBeCloseTo(1, 6);
});

test("one device that all workers wait for is contention alone", () => {
  const found = fitUsl([1, 2, 4].map((workers) => ({ workers, perSecond: 1 })))!;
  expect(found.contention).toBeCloseTo(1, 6);
  expect(uslThroughput(found, 100)).toBeCloseTo(1, 3);
});

test("more than linear is no coefficient below zero", () => {
  const found = fitUsl([
    { workers: 1, perSecond: 1 },
    { workers: 2, perSecond: 2.2 },
    { workers: 4, perSecond: 4.6 },
  ])!;
  expect(found.contention).toBe(0);
  expect(found.coherence).toBe(0);
  expect(found.rate).toBeGreaterThan(1);
});

test("one number of workers says nothing about scaling", () => {
  expect(fitUsl([{ workers: 2, perSecond: 3 }])).toBe(null);
  expect(fitUsl([])).toBe(null);
});
