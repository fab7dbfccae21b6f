import { expect, test } from "vitest";
import { createBatches } from "./sqs-batches.ts";

const limits = { bytes: 100, parallel: 2 };

test("what comes in one turn goes in batches of ten, and each item gets its own result", async () => {
  const sizes: number[] = [];
  const { add } = createBatches(limits, async (items: number[]) => {
    sizes.push(items.length);
    return items.map((item) => item * 2);
  });
  const results = await Promise.all(Array.from({ length: 23 }, (_, index) => add(index)));
  expect(results).toEqual(Array.from({ length: 23 }, (_, index) => index * 2));
  expect(sizes).toEqual([10, 10, 3]);
});

test("a batch holds no more bytes than it may, but an item that is larger goes alone", async () => {
  const batches: number[][] = [];
  const { add } = createBatches(limits, async (items: number[]) => {
    batches.push(items);
    return items;
  });
  await Promise.all([60, 60, 30, 500, 1].map((bytes) => add(bytes, bytes)));
  expect(batches).toEqual([[60], [60, 30], [500], [1]]);
});

test("a failed batch fails its own items only", async () => {
  const { add } = createBatches(limits, async (items: number[]) => {
    if (items.includes(0)) throw new Error("refused");
    return items;
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, index) => add(index)));
  expect(outcomes.map(({ status }) => status)).toEqual([
    ...Array.from({ length: 10 }, () => "rejected"),
    "fulfilled",
    "fulfilled",
  ]);
});

test("idle waits for all that was added", async () => {
  let sent = 0;
  const { add, idle } = createBatches(limits, async (items: number[]) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    sent += items.length;
    return items;
  });
  for (let index = 0; index < 35; index++) void add(index);
  await idle();
  expect(sent).toBe(35);
  await idle();
});
