import { expect, test } from "vitest";
import { eventTypes } from "./records.ts";
import { hasEnded, isTerminal, itemStates, jobStates, terminalEvents } from "./states.ts";

test("a job that has ended has an event that says so, and no other event ends it", () => {
  const ended = jobStates.filter((state) => hasEnded({ state }));
  expect(terminalEvents).toEqual(ended.map((state) => `job.${state}`));
  expect(eventTypes.filter(isTerminal)).toEqual(terminalEvents);
  expect(jobStates.filter((state) => !hasEnded({ state }))).toEqual(["queued", "running"]);
});

test("clients may rely on these words", () => {
  expect(jobStates).toEqual(["queued", "running", "succeeded", "partial", "failed", "cancelled", "expired"]);
  expect(itemStates).toEqual(["queued", "running", "retrying", "succeeded", "failed", "cancelled"]);
});
