import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { MillraceError } from "../errors.ts";
import type { BatchOptions, RunBatch } from "../pipeline/batch.ts";
import { definePipeline } from "../pipeline/pipeline.ts";
import { createBatches } from "./batches.ts";
import type { StepAttempt } from "./isolation.ts";

type Call = string[];

const time = { pause() {}, resume() {} };

/** Runs attempts named after their items, and records which ones shared a call. */
function scene(
  options: Partial<BatchOptions>,
  run: (name: string) => unknown = (name) => name.toUpperCase(),
  whole: (names: Call) => void | Promise<void> = () => {},
) {
  const calls: Call[] = [];
  const runBatch: RunBatch<unknown, null, null, string> = async (tasks) => {
    const names = tasks.map(({ name }) => name);
    calls.push(names);
    await whole(names);
    return names.map((name) => run(name) as string);
  };
  const pipeline = definePipeline({ name: "p", version: 1, title: "P" }).batch(
    "grant",
    { size: 4, waitMs: 200, ...options },
    runBatch as never,
  );
  const [step] = pipeline.steps;
  let stuck = 0;
  const batches = createBatches(
    () => step!.concurrency,
    () => stuck++,
  );
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const attempt = (name: string, stop = new AbortController()) => {
    const context = { name, log, signal: stop.signal } as unknown as StepAttempt["context"];
    return batches.run({ pipeline, step: step!, context, signal: stop.signal, time });
  };
  return { calls, attempt, batches, step: step!, stuck: () => stuck };
}

const names = (count: number) => Array.from({ length: count }, (_, n) => String.fromCharCode(97 + n));

test("a full batch is one call, and each task has its own result", async () => {
  const { calls, attempt } = scene({});
  const results = await Promise.all(names(8).map((name) => attempt(name)));
  expect(results).toEqual(["A", "B", "C", "D", "E", "F", "G", "H"]);
  expect(calls).toEqual([
    ["a", "b", "c", "d"],
    ["e", "f", "g", "h"],
  ]);
});

test("a task waits for others no longer than waitMs, also while another call runs", async () => {
  const { calls, attempt } = scene({ waitMs: 100 }, undefined, async ([first]) => {
    if (first === "a") await sleep(1_000);
  });
  const slow = Promise.all(names(4).map((name) => attempt(name)));
  const began = performance.now();
  expect(await attempt("x")).toBe("X");
  expect(performance.now() - began).toBeGreaterThanOrEqual(95);
  expect(performance.now() - began).toBeLessThan(200 + 300);
  expect(calls[1]).toEqual(["x"]);
  await slow;
});

test("one that fails fails alone", async () => {
  const { attempt } = scene({}, (name) => (name === "b" ? new Error("b is wrong") : name));
  const outcomes = await Promise.allSettled(names(4).map((name) => attempt(name)));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});

test("when the whole call throws, halves are tried, and only the culprit fails", async () => {
  const { calls, attempt } = scene({ size: 8 }, undefined, (names) => {
    if (names.includes("f")) throw new Error("a row is wrong");
  });
  const outcomes = await Promise.allSettled(names(8).map((name) => attempt(name)));
  expect(outcomes.flatMap(({ status }, n) => (status === "rejected" ? [names(8)[n]] : []))).toEqual(["f"]);
  expect(calls.map((one) => one.join(""))).toEqual(["abcdefgh", "abcd", "efgh", "ef", "e", "f", "gh"]);
});

test("an outage is nobody's fault: it is told to all at once", async () => {
  const { calls, attempt } = scene({}, undefined, () => {
    throw new MillraceError("unavailable", "The database is away.");
  });
  const outcomes = await Promise.allSettled(names(4).map((name) => attempt(name)));
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(calls).toHaveLength(1);
});

test("too few outcomes are a fault of the whole call", async () => {
  const { attempt } = scene({ size: 2 }, undefined, undefined);
  const pipeline = definePipeline({ name: "q", version: 1, title: "Q" }).batch(
    "short",
    { size: 2 },
    () => [],
  );
  const batches = createBatches(
    () => 2,
    () => {},
  );
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  const context = { name: "a", log, signal } as unknown as StepAttempt["context"];
  const one = () => batches.run({ pipeline, step: pipeline.steps[0]!, context, signal, time });
  const outcomes = await Promise.allSettled([one(), one()]);
  expect(outcomes).toMatchObject([
    { reason: { message: /0 outcomes/ } },
    { reason: { message: /0 outcomes/ } },
  ]);
  expect(await Promise.all([attempt("a"), attempt("b")])).toEqual(["A", "B"]);
});

test("a task that is aborted while it waits is in no call, and one in a call leaves the others alone", async () => {
  const { calls, attempt, stuck } = scene({ waitMs: 50 }, undefined, () => sleep(100));
  const [waiting, running] = [new AbortController(), new AbortController()];
  const outcomes = Promise.allSettled([attempt("a", waiting), attempt("b", running), attempt("c")]);
  waiting.abort(new Error("cancelled"));
  await sleep(80);
  running.abort(new Error("cancelled"));
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  expect(calls).toEqual([["b", "c"]]);
  expect(stuck()).toBe(0);
});

test("a drain calls at once for what waits, and for what still comes", async () => {
  const { calls, attempt, batches } = scene({ waitMs: 60_000 });
  const first = attempt("a");
  batches.drain();
  expect(await first).toBe("A");
  expect(await attempt("b")).toBe("B");
  expect(calls).toEqual([["a"], ["b"]]);
});

test("a worker that runs fewer at once waits for no more", async () => {
  const { calls, attempt } = scene({ size: 50, waitMs: 60_000, ...{ concurrency: 2 } });
  expect(await Promise.all([attempt("a"), attempt("b")])).toEqual(["A", "B"]);
  expect(calls).toHaveLength(1);
});

test("alone, as a suspect or in a test, a task has a call of its own", async () => {
  const { step, calls } = scene({}, (name) => (name === "b" ? new Error("no") : name));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  expect(await step.run({ name: "a", log, signal } as never)).toBe("a");
  await expect(step.run({ name: "b", log, signal } as never)).rejects.toThrow("no");
  expect(calls).toEqual([["a"], ["b"]]);
});
