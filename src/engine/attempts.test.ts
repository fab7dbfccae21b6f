import { expect, test } from "vitest";
import { Attempts, LeaseLost } from "./attempts.ts";

test("a new lease of a task aborts its earlier attempt, whose end leaves the new one alone", () => {
  const attempts = new Attempts();
  const first = attempts.begin("job.0", "lease 1");
  const other = attempts.begin("job.1", "lease 2");
  const second = attempts.begin("job.0", "lease 3");
  expect(first.signal.reason).toBeInstanceOf(LeaseLost);
  expect([other.signal.aborted, second.signal.aborted]).toEqual([false, false]);
  expect(attempts.size).toBe(3);

  attempts.end("job.0", "lease 1");
  attempts.lose("lease 1");
  expect(second.signal.aborted).toBe(false);
  attempts.lose("lease 3");
  expect(second.signal.aborted).toBe(true);
});

test("an attempt that ended in order is not aborted by the next", () => {
  const attempts = new Attempts();
  const first = attempts.begin("job.0", "lease 1");
  attempts.end("job.0", "lease 1");
  attempts.begin("job.0", "lease 2");
  expect(first.signal.aborted).toBe(false);
  expect(attempts.size).toBe(1);
});
