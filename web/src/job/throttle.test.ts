import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { throttled } from "./throttle.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("runs at once, then once more for all that was asked meanwhile", async () => {
  const work = vi.fn();
  const refresh = throttled(work, 200);
  for (let asked = 0; asked < 10; asked++) refresh.ask();
  expect(work).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(work).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(work).toHaveBeenCalledTimes(2);
});

test("never runs twice at the same time", async () => {
  let finish = () => {};
  const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)));
  const refresh = throttled(work, 10);
  refresh.ask();
  refresh.ask();
  await vi.advanceTimersByTimeAsync(100);
  expect(work).toHaveBeenCalledTimes(1);
  finish();
  await vi.advanceTimersByTimeAsync(10);
  expect(work).toHaveBeenCalledTimes(2);
});

test("stops", async () => {
  const work = vi.fn();
  const refresh = throttled(work, 10);
  refresh.ask();
  refresh.ask();
  await vi.advanceTimersByTimeAsync(0);
  refresh.stop();
  await vi.advanceTimersByTimeAsync(100);
  expect(work).toHaveBeenCalledTimes(1);
});

test("runs again when it is asked after it was stopped", async () => {
  const work = vi.fn();
  const refresh = throttled(work, 10);
  refresh.ask();
  await vi.advanceTimersByTimeAsync(0);
  refresh.stop();
  refresh.ask();
  expect(work).toHaveBeenCalledTimes(2);
});
