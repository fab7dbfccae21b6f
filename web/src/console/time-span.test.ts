import { expect, test } from "vitest";
import type { Attempt } from "../api/contract.ts";
import { placeOf, spanOf, tasksOf } from "./time-span.ts";

const start = Date.UTC(2026, 0, 10);
const attempt = (taskId: string, from: number | null, ms: number | null): Attempt => ({
  ...{ taskId, index: 0, part: null, name: "a", step: "s", run: 1, attempt: 1, outcome: "failed" },
  ...{ cached: false, worker: null, error: null, ms },
  startedAt: from === null ? null : new Date(start + from).toISOString(),
});

test("attempts lie in the span of all of them", () => {
  const all = [attempt("a", 0, 100), attempt("b", 900, null), attempt("c", null, null)];
  const span = spanOf(all, start + 1_000);
  expect(span).toEqual({ from: start, to: start + 1_000 });
  expect(all.map((one) => placeOf(one, span, start + 1_000))).toEqual([
    { left: 0, width: 10 },
    { left: 90, width: 10 },
    null,
  ]);
});

test("what took no time can still be seen, within the span", () => {
  const all = [attempt("a", 0, 0), attempt("a", 1_000, 0)];
  const span = spanOf(all, start);
  expect(all.map((one) => placeOf(one, span, start))).toEqual([
    { left: 0, width: 0.8 },
    { left: 99.2, width: 0.8 },
  ]);
});

test("they are grouped by task", () => {
  const all = [attempt("a", 0, 1), attempt("b", 1, 1), attempt("a", 2, 1)];
  expect(tasksOf(all).map((task) => task.length)).toEqual([2, 1]);
});
