import { expect, test } from "vitest";
import type { JobItem } from "../api/contract.ts";
import { itemFraction, jobFraction, type LiveItems, withLiveEvent } from "./live-progress.ts";

const none: LiveItems = new Map();
const event = (index: number, attempt: number, fraction: number) => ({
  jobId: "j",
  index,
  attempt,
  fraction,
});

test("progress only goes forward within an attempt", () => {
  let live = withLiveEvent(none, "item.progress", event(0, 1, 0.5));
  live = withLiveEvent(live, "item.progress", event(0, 1, 0.3));
  expect(live.get(0)?.fraction).toBe(0.5);
});

test("a new attempt begins anew, and an old one is not heard any more", () => {
  let live = withLiveEvent(none, "item.progress", event(0, 1, 0.9));
  live = withLiveEvent(live, "item.progress", event(0, 2, 0.1));
  live = withLiveEvent(live, "item.progress", event(0, 1, 1));
  expect(live.get(0)).toMatchObject({ attempt: 2, fraction: 0.1 });
});

test("streamed text is put together", () => {
  let live = withLiveEvent(none, "text.delta", { jobId: "j", index: 0, attempt: 1, text: "Good " });
  live = withLiveEvent(live, "text.delta", { jobId: "j", index: 0, attempt: 1, text: "morning" });
  expect(live.get(0)?.text).toBe("Good morning");
});

test("an item that runs and has not told is of unknown progress", () => {
  expect(itemFraction({ state: "running", attempt: 1 }, undefined)).toBeNull();
  expect(
    itemFraction({ state: "running", attempt: 2 }, { attempt: 1, fraction: 0.9, message: "", text: "" }),
  ).toBeNull();
  expect(itemFraction({ state: "failed", attempt: 3 }, undefined)).toBe(1);
});

test("the job's bar moves with the items under way, and ends only at the end", () => {
  const items = [
    { index: 0, state: "succeeded" },
    { index: 1, state: "running", attempt: 1 },
  ] as JobItem[];
  const live = withLiveEvent(none, "item.progress", event(1, 1, 0.5));
  expect(jobFraction({ fraction: 0.5, total: 2 }, items, live)).toBe(0.75);
  const almost = withLiveEvent(live, "item.progress", event(1, 1, 1));
  expect(jobFraction({ fraction: 0.5, total: 2 }, items, almost)).toBe(0.999);
  expect(jobFraction({ fraction: 1, total: 2 }, items, live)).toBe(1);
});
