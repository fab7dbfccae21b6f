import { expect, test } from "vitest";
import { cachedOf } from "./cached.ts";

type Asked = Parameters<typeof cachedOf>[0];

const job = (total: number, cached: number, own: boolean[] = [], each = 1): Asked => {
  const step = (isCached: boolean) => ({ cached: isCached }) as Asked["steps"][number];
  const items = Array.from({ length: total }, (_, n) => ({
    steps: Array.from({ length: each }, () => step(n < cached)),
  }));
  return {
    progress: { total, done: total, failed: 0, cached, fraction: 1 },
    items: items as Asked["items"],
    steps: own.map(step),
  };
};

test("a job is cached if all of its steps were", () => {
  expect(cachedOf(job(3, 3))).toBe("cached");
  expect(cachedOf(job(3, 3, [true]))).toBe("cached");
  expect(cachedOf(job(3, 0, [true], 0))).toBe("cached");
});

test("otherwise the items that were are counted", () => {
  expect(cachedOf(job(3, 0))).toBe("");
  expect(cachedOf(job(0, 0))).toBe("");
  expect(cachedOf(job(3, 0, [true]))).toBe("");
  expect(cachedOf(job(3, 0, [false], 0))).toBe("");
  expect(cachedOf(job(3, 2))).toBe("2 of 3 items cached");
  expect(cachedOf(job(3, 3, [false]))).toBe("3 of 3 items cached");
});
