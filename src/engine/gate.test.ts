import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

test("an attempt that is aborted while it waits makes way for those behind it", async () => {
  const gate = new Gate();
  const never = new AbortController().signal;
  const leave = await gate.enter(false, never);
  const stop = new AbortController();
  const alone = gate.enter(true, stop.signal);
  const behind = gate.enter(false, never);
  stop.abort();
  (await alone)();
  (await behind)();
  leave();
  // Nothing was counted twice: the next may still be alone.
  (await gate.enter(true, never))();
  (await gate.enter(false, AbortSignal.abort()))();
});

test("attempts whose memory does not fit together wait for each other, and hold up no others", async () => {
  const gate = new Gate(1_000);
  const never = new AbortController().signal;
  const inside: string[] = [];
  const enter = (name: string, memoryMiB: number) =>
    gate.enter(false, never, memoryMiB).then((leave) => {
      inside.push(name);
      return leave;
    });
  const leaveFirst = await enter("first", 600);
  const leaveSecond = await enter("second", 400);
  const large = enter("large", 2_000);
  const small = enter("small", 100);
  await enter("without", 0);
  expect(inside).toEqual(["first", "second", "without"]);
  leaveFirst();
  await enter("another without", 0);
  expect(inside).not.toContain("small");
  leaveSecond();
  (await large)();
  await small;
  expect(inside.slice(-2)).toEqual(["large", "small"]);
});
