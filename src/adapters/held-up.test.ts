import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { unlessHeldUp } from "./held-up.ts";

/** Times out after 20 ms, in a process that is held up for `heldUpMs` at the first call. */
function timingOut(heldUpMs: number) {
  let calls = 0;
  const call = async () => {
    const timeout = sleep(20);
    if (++calls > 1) return "answered";
    const until = performance.now() + heldUpMs;
    while (performance.now() < until);
    await timeout;
    throw new Error("timeout");
  };
  return { call, calls: () => calls };
}

test("a timeout in a process that was held up is tried once more", async () => {
  const { call, calls } = timingOut(200);
  expect(await unlessHeldUp(20, () => true, call)).toBe("answered");
  expect(calls()).toBe(2);
});

test("a timeout of its own, and any other failure, are told", async () => {
  const own = timingOut(0);
  await expect(unlessHeldUp(10_000, () => true, own.call)).rejects.toThrow("timeout");
  const other = timingOut(200);
  await expect(unlessHeldUp(20, () => false, other.call)).rejects.toThrow("timeout");
  expect([own.calls(), other.calls()]).toEqual([1, 1]);
});
