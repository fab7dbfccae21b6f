import { test } from "vitest";
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
