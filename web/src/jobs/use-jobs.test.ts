import { expect, test } from "vitest";
import type { Job } from "../api/contract.ts";
import { withProgress } from "./use-jobs.ts";

const progress = (fraction: number) => ({ total: 10, done: fraction * 10, failed: 0, cached: 0, fraction });
const job = (id: string, state: string, fraction: number) =>
  ({ id, state, progress: progress(fraction) }) as Job;
const pages = (...jobs: Job[]) => ({ pages: [{ items: jobs, nextCursor: null }], pageParams: [null] });
const fractions = (given: ReturnType<typeof withProgress>) =>
  given?.pages[0]?.items.map((each) => each.progress.fraction);

test("moves one job's bar on", () => {
  const now = pages(job("a", "running", 0.1), job("b", "running", 0.2));
  expect(fractions(withProgress(now, { jobId: "b", progress: progress(0.5) }))).toEqual([0.1, 0.5]);
});

test("never turns a bar back, nor that of a job that has ended", () => {
  const now = pages(job("a", "running", 0.5), job("b", "failed", 0.2));
  expect(withProgress(now, { jobId: "a", progress: progress(0.4) })).toBe(now);
  expect(withProgress(now, { jobId: "b", progress: progress(0.4) })).toBe(now);
  expect(withProgress(now, { jobId: "a" })).toBe(now);
});
