import { expect, test } from "vitest";
import { definePipeline } from "../pipeline/pipeline.ts";
import { memoryShare } from "./memory-share.ts";
import { sharedMemory } from "./shared-memory.ts";

const never = new AbortController().signal;
const MIB = 1024 * 1024;

/** Takes memory and records when it was granted. */
function taker(bytes: number) {
  const budget = sharedMemory(bytes);
  const order: string[] = [];
  return {
    order,
    take: (name: string, wanted: number, signal = never) =>
      budget.take(wanted, signal).then((giveBack) => {
        order.push(name);
        return giveBack;
      }),
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

test("a large request is not overtaken by small ones that would fit", async () => {
  const { take, order } = taker(100);
  const first = await take("first", 60);
  const large = take("large", 80);
  const small = take("small", 10);
  await soon();
  expect(order).toEqual(["first"]);
  first();
  first();
  (await large)();
  await small;
  expect(order).toEqual(["first", "large", "small"]);
});

test("one that is aborted while it waits leaves its turn to those behind it", async () => {
  const { take, order } = taker(100);
  await take("first", 60);
  const stop = new AbortController();
  const large = take("large", 80, stop.signal);
  const small = take("small", 40);
  stop.abort(new Error("canceled"));
  await expect(large).rejects.toThrow("canceled");
  await small;
  expect(order).toEqual(["first", "small"]);
});

test("one that is aborted before it asks takes nothing; without a bound everyone is let in", async () => {
  const { take } = taker(100);
  await expect(take("late", 100, AbortSignal.abort(new Error("canceled")))).rejects.toThrow("canceled");
  (await take("next", 100))();
  const endless = taker(Number.POSITIVE_INFINITY);
  await endless.take("large", 1e15);
  await endless.take("larger", 1e18);
});

test("a request beyond the budget, or beyond the step's process, fails with the numbers", async () => {
  const pipeline = definePipeline({ name: "p", version: 1, title: "P", accepts: { mediaTypes: ["*"] } })
    .each("plain", async () => null)
    .each("apart", async () => null, { isolate: { memoryMiB: 512 } });
  const [plain, apart] = pipeline.steps;
  const time = { pause() {}, resume() {} };
  const share = (step: typeof plain) => memoryShare(sharedMemory(2_000 * MIB), step!, never, time);
  await share(plain).reserve(1_999 * MIB);
  await expect(share(plain).reserve(2_001 * MIB)).rejects.toMatchObject({
    code: "too_much_memory",
    retryable: false,
    message: expect.stringMatching(/2,001 MiB.* 2,000 MiB.*MILLRACE_MEMORY_MIB/),
  });
  await share(apart).reserve(412 * MIB);
  await expect(share(apart).reserve(413 * MIB)).rejects.toMatchObject({
    code: "too_much_memory",
    message: expect.stringMatching(/413 MiB.* 512 MiB has only 412 MiB/),
  });
  await expect(share(plain).reserve(Number.NaN)).rejects.toThrow(TypeError);
});

test("what an attempt held is free before it waits for more", { timeout: 2_000 }, async () => {
  const [step] = definePipeline({ name: "p", version: 1, title: "P", accepts: { mediaTypes: ["*"] } }).each(
    "only",
    async () => null,
  ).steps;
  const budget = sharedMemory(100);
  const time = { pause() {}, resume() {} };
  const shares = [1, 2].map(() => memoryShare(budget, step!, never, time));
  await Promise.all(shares.map((share) => share.reserve(50)));
  const grown = shares.map((share) => share.reserve(80).then(share.release));
  await Promise.all(grown);
});
