import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GRACE_MS, untilAborted } from "./until-aborted.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a step that goes on after its signal is stuck when its grace has passed", async () => {
  const stop = new AbortController();
  const stuck = vi.fn();
  const ended = untilAborted(new Promise<void>(() => {}), stop.signal, stuck);
  stop.abort(new Error("lease lost"));
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
  expect(stuck).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  await expect(ended).rejects.toThrow("lease lost");
  expect(stuck).toHaveBeenCalledOnce();
});

test("a signal that comes when the step has ended makes nothing stuck", async () => {
  const stop = new AbortController();
  const stuck = vi.fn();
  await expect(untilAborted(Promise.resolve("done"), stop.signal, stuck)).resolves.toBe("done");
  stop.abort(new Error("lease lost"));
  await vi.advanceTimersByTimeAsync(2 * GRACE_MS);
  expect(stuck).not.toHaveBeenCalled();
});
