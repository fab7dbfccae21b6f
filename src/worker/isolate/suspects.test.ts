import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ChildDied, type RunStep, type Suspects } from "../../engine/isolation.ts";
import { eventually } from "../../testing/wait.ts";
import { type Acting, acting, nowhere, source } from "./fixtures/acting.ts";
import { suspectPool } from "./suspects.ts";

let steps: Acting;
let suspects: Suspects;
/** The processes in which each suspect's attempts began. */
let began: Map<number, number[]>;
let count: number;

beforeAll(async () => {
  steps = await acting();
  suspects = suspectPool(source);
});
afterAll(async () => {
  await suspects.close();
  await steps[Symbol.asyncDispose]();
});
beforeEach(() => {
  began = new Map();
  count = 0;
});

/** Runs a step as a suspect. It reports its process when it begins. */
function act(name: string, { deaths = 0, signal = new AbortController().signal } = {}): Promise<unknown> {
  const id = count++;
  began.set(id, []);
  return suspects.run({ deaths, signal }, (runStep) => attempt(runStep, id, name, signal));
}

async function attempt(runStep: RunStep, id: number, name: string, signal: AbortSignal): Promise<unknown> {
  const onProgress = (pid: string) => began.get(id)!.push(Number(pid));
  const { warnings: _, ...parts } = await steps.attempt(name, { signal, index: id, onProgress });
  return runStep(parts);
}

const pids = () => new Set([...began.values()].flat());
const allBegan = (n: number) =>
  eventually(
    () => [...began.values()].every((runs) => runs.length >= n),
    20_000,
    () => `some did not begin: ${JSON.stringify([...began])}`,
  );

test("suspects share a process, which has what their worker has", async () => {
  process.env.SUSPECTS_SECRET = "known";
  const found = await Promise.all(Array.from({ length: 20 }, () => act("shared")));
  expect(pids().size).toBe(1);
  expect(pids()).not.toContain(process.pid);
  expect(new Set(found)).toEqual(new Set(["known"]));
});

test("the culprit is found by halves, and is the only one whose death counts", {
  timeout: 60_000,
}, async () => {
  const culprit = 5;
  const ends = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => act(n === culprit ? "crashLater" : "shared")),
  );
  const dead = ends.flatMap((end, n) => (end.status === "rejected" ? [[n, end.reason]] : []));
  expect(dead).toEqual([[culprit, expect.any(ChildDied)]]);
  // Among 20, 10, 5, 3 or 2 suspects, and so on.
  const ran = began.get(culprit)!;
  expect(ran.length).toBeGreaterThanOrEqual(5);
  expect(ran.length).toBeLessThanOrEqual(6);
  const last = ran.at(-1)!;
  expect([...began.values()].filter((runs) => runs.includes(last))).toHaveLength(1);
});

test("one that has ended a process before shares none", async () => {
  const stop = new AbortController();
  const neighbors = Promise.allSettled([1, 2].map(() => act("wait", { signal: stop.signal })));
  await allBegan(1);
  await expect(act("crashLater", { deaths: 1 })).rejects.toBeInstanceOf(ChildDied);
  expect(pids().size).toBe(2);
  expect([...began.values()].map((runs) => runs.length)).toEqual([1, 1, 1]);
  stop.abort(new Error("enough"));
  await neighbors;
});

test("one that is aborted stops by its signal, and its neighbors go on", async () => {
  const stop = new AbortController();
  const neighbors = Array.from({ length: 4 }, () => act("shared"));
  const stopped = act("wait", { signal: stop.signal });
  await allBegan(1);
  stop.abort(new Error("enough"));
  await expect(stopped).rejects.toThrow("The operation was aborted");
  expect(await Promise.all(neighbors)).toHaveLength(4);
  expect([...began.values()].every((runs) => runs.length === 1)).toBe(true);
});

test("one that ignores its signal ends its process, and its neighbors run again", async () => {
  const stop = new AbortController();
  const stubborn = act("spinLater", { signal: stop.signal });
  const neighbors = Array.from({ length: 3 }, () => act("shared"));
  await allBegan(1);
  stop.abort(new Error("enough"));
  await expect(stubborn).rejects.toThrow("enough");
  expect(await Promise.all(neighbors)).toHaveLength(3);
});

test("more dividing processes than there may be wait for each other", { timeout: 60_000 }, async () => {
  const ends = await Promise.allSettled(Array.from({ length: 12 }, () => act("crashLater")));
  expect(ends.map((end) => end.status === "rejected" && end.reason instanceof ChildDied)).toEqual(
    Array(12).fill(true),
  );
});

test("a process that cannot be started charges no attempt, and says why", async () => {
  const broken = suspectPool(nowhere);
  const { signal } = new AbortController();
  const ran = broken.run({ deaths: 0, signal }, (runStep) => attempt(runStep, 0, "shared", signal));
  await expect(ran).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("nowhere.js"),
  });
  await broken.close();
});
