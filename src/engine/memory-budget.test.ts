import { expect, test } from "vitest";
import { MemoryBudget } from "./memory-budget.ts";

const never = new AbortController().signal;

test("an attempt that is aborted while it waits makes way for those behind it", async () => {
  const budget = new MemoryBudget(100);
  const leave = await budget.take(60, never);
  const stop = new AbortController();
  const large = budget.take(100, stop.signal);
  const behind = budget.take(40, never);
  stop.abort();
  (await large)();
  (await behind)();
  leave();
  // Nothing was counted twice: the next may still take all.
  (await budget.take(100, never))();
  (await budget.take(100, AbortSignal.abort()))();
});

test("attempts whose memory does not fit together wait for each other, in their order", async () => {
  const budget = new MemoryBudget(1_000);
  const inside: string[] = [];
  const take = (name: string, memoryMiB: number) =>
    budget.take(memoryMiB, never).then((leave) => {
      inside.push(name);
      return leave;
    });
  const leaveFirst = await take("first", 600);
  const leaveSecond = await take("second", 400);
  const large = take("large", 2_000);
  const small = take("small", 100);
  leaveFirst();
  await Promise.resolve();
  expect(inside).toEqual(["first", "second"]);
  leaveSecond();
  (await large)();
  await small;
  expect(inside.slice(-2)).toEqual(["large", "small"]);
});
