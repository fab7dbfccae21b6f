import { expect, test } from "vitest";
import type { JobItem } from "../api/contract.ts";
import { itemFraction, jobFraction, type LiveItems, partsNow, withLiveEvent } from "./live-progress.ts";

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

test("the next step begins anew, whatever attempt the one before had come to", () => {
  const parts = { total: 0, done: 0, failed: 0 };
  const item = { state: "running", attempt: 1, step: "convert", parts } as const;
  let live = withLiveEvent(none, "item.progress", {
    ...event(0, 2, 1),
    step: "fetch-url",
    message: "9 bytes",
  });
  expect(itemFraction(item, live.get(0))).toBeNull();
  live = withLiveEvent(live, "item.progress", { ...event(0, 1, 0.1), step: "convert" });
  expect(live.get(0)).toMatchObject({ step: "convert", attempt: 1, fraction: 0.1, message: "" });
  expect(itemFraction(item, live.get(0))).toBe(0.1);
});

test("streamed text is put together", () => {
  let live = withLiveEvent(none, "text.delta", { jobId: "j", index: 0, attempt: 1, text: "Good " });
  live = withLiveEvent(live, "text.delta", { jobId: "j", index: 0, attempt: 1, text: "morning" });
  expect(live.get(0)?.text).toBe("Good morning");
  // After a reconnect, the text so far comes first.
  const soFar = { jobId: "j", index: 0, attempt: 1, text: "Good morning, all", offset: 0 };
  live = withLiveEvent(live, "text.delta", soFar);
  live = withLiveEvent(live, "text.delta", { jobId: "j", index: 0, attempt: 1, text: "!", offset: 17 });
  expect(live.get(0)?.text).toBe("Good morning, all!");
});

test("an item that runs and has not told is of unknown progress", () => {
  const parts = { total: 0, done: 0, failed: 0 };
  expect(itemFraction({ state: "running", attempt: 1, parts }, undefined)).toBeNull();
  expect(
    itemFraction(
      { state: "running", attempt: 2, parts },
      { attempt: 1, fraction: 0.9, message: "", text: "" },
    ),
  ).toBeNull();
  expect(itemFraction({ state: "failed", attempt: 3, parts }, undefined)).toBe(1);
});

test("the job's bar moves with the items under way, and ends only at the end", () => {
  const parts = { total: 0, done: 0, failed: 0 };
  const items = [
    { index: 0, state: "succeeded", parts },
    { index: 1, state: "running", attempt: 1, parts },
  ] as JobItem[];
  const live = withLiveEvent(none, "item.progress", event(1, 1, 0.5));
  expect(jobFraction({ fraction: 0.5, total: 2 }, items, live)).toBe(0.75);
  const almost = withLiveEvent(live, "item.progress", event(1, 1, 1));
  expect(jobFraction({ fraction: 0.5, total: 2 }, items, almost)).toBe(0.999);
  expect(jobFraction({ fraction: 1, total: 2 }, items, live)).toBe(1);
});

test("an item that was split is as far as its parts", () => {
  const item = { state: "running", attempt: 1, parts: { total: 10, done: 1, failed: 0 } } as JobItem;
  const told = (done: number, failed: number) => ({ ...event(0, 1, 0), parts: { total: 10, done, failed } });
  let live = withLiveEvent(none, "item.progress", event(0, 1, 1));
  expect(itemFraction(item, live.get(0))).toBe(0.1);
  live = withLiveEvent(live, "item.progress", told(4, 1));
  live = withLiveEvent(live, "item.progress", told(2, 1));
  live = withLiveEvent(live, "item.progress", { ...event(0, 1, 0.2), part: 3 });
  expect(itemFraction(item, live.get(0))).toBe(0.5);
  expect(partsNow(item, live.get(0))).toEqual({ total: 10, done: 4, failed: 1 });
  const ended = { ...item, state: "succeeded", parts: { total: 10, done: 9, failed: 1 } } as JobItem;
  expect(partsNow(ended, live.get(0))).toEqual(ended.parts);
  expect(itemFraction(ended, live.get(0))).toBe(1);
});
