import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { childrenOf, type Running } from "./crash/processes.ts";
import { acts, type Job, ended as jobEnded } from "./isolation/jobs.ts";

const steps = acts(join(import.meta.dirname, "isolation/pipeline.ts"));
let millrace: Running;

beforeAll(async () => {
  millrace = await steps.start("data", { workers: 1 });
});
afterAll(async () => {
  await millrace.stop();
  steps.remove();
});
beforeEach(steps.begin);

const submit = (texts: string[], { pipeline = "acts", url = millrace.url } = {}) =>
  steps.submit(url, pipeline, texts);
const ended = (job: Job, url = millrace.url) => jobEnded(job, url);

interface Said {
  what: string;
  word: string;
  attempt: number;
  pid: number;
  at: number;
}

function said(what: string): Said[] {
  return steps
    .lines()
    .filter((parts) => parts[0] === what)
    .map(([, word, attempt, pid, at]) => ({
      what,
      word: word!,
      attempt: Number(attempt),
      pid: Number(pid),
      at: Number(at),
    }));
}

const until = (condition: () => boolean, what: string, ms = 20_000) => eventually(condition, ms, () => what);

/** Live processes of a session, by the fields of /proc that are always reliable. */
function inSession(session: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const [state, , , of] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
        return Number(of) === session && state !== "Z";
      } catch {
        return false;
      }
    });
}

const workerPid = () => childrenOf(millrace.child.pid!).find((child) => child.role === "worker")!.pid;

test("a canceled step is stopped within a second, with everything that it started", async () => {
  const job = await submit(["spin", "spin"]);
  await until(() => said("start").length === 2, "the steps did not begin");
  const sessions = said("start").map(({ pid }) => pid);
  await until(() => sessions.every((one) => inSession(one).length === 2), "the steps started nothing");
  await fetch(`${millrace.url}/v1/jobs/${job.id}`, { method: "DELETE" });
  await until(() => sessions.every((one) => inSession(one).length === 0), "a step still runs", 1_000);
});

test("a split, the steps of its parts and their join run in step processes as anywhere", async () => {
  const { items } = await ended(await submit(["one bad two"], { pipeline: "pages" }));
  expect(items[0]).toMatchObject({
    state: "succeeded",
    result: {
      parts: [
        ["ONE", { text: "one", part: 0, of: 3, data: "one" }],
        ["TWO", { text: "two", part: 2, of: 3, data: "two" }],
      ],
      failures: [["bad", "undecodable_file"]],
    },
  });
});

test("an attempt that timed out has really ended before the next one runs", async () => {
  const { items } = await ended(await submit(["hang"], { pipeline: "hasty" }));
  expect(items[0]).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(said("first-ended")).toHaveLength(1);
});

test("a timeout of a step that computed all the time is final", async () => {
  const { items } = await ended(await submit(["spin"], { pipeline: "hasty" }));
  expect(items[0]).toMatchObject({ state: "failed", error: { code: "step_timeout" } });
  const { attempt, error } = items[0]!;
  const computed = /longer than 3 s and used the processor for \d s.*timeoutMs/.test(error!.message);
  // On a busy machine, the step may not have computed most of the time, and only then is it retried.
  expect(attempt).toBe(computed ? said("start").length : 2);
  if (attempt === 1) expect(computed).toBe(true);
});

test("a step that needs too much memory fails for good and names the ceiling; its neighbors go on", async () => {
  const { items, result } = await ended(await submit(["sleep 1500", "grow", "sleep 1500"]));
  expect(items.map((item) => item.error?.code ?? item.state)).toEqual([
    "succeeded",
    "too_much_memory",
    "succeeded",
  ]);
  expect(items[1]).toMatchObject({ attempt: 1, error: { message: expect.stringContaining("200 MiB") } });
  expect(said("start").filter(({ word }) => word === "sleep")).toHaveLength(2);
  // An isolated fan-in step reads its lists through the worker.
  const failures = [{ index: 1, name: "1.svg", code: "too_much_memory", message: expect.any(String) }];
  expect(result).toEqual({ words: ["sleep", "sleep"], items: 2, failures });
});

test("a step that crashes its process is a dead letter after three, alone and uncharged", async () => {
  const worker = workerPid();
  const { items } = await ended(await submit(["sleep 500", "crash", "sleep 500"]));
  expect(items.map((item) => item.error?.code ?? item.state)).toEqual([
    "succeeded",
    "worker_died",
    "succeeded",
  ]);
  expect(said("start").filter(({ word }) => word === "crash")).toHaveLength(3);
  expect(said("start").filter(({ word }) => word === "sleep")).toHaveLength(2);
  expect(workerPid()).toBe(worker);
});

test("step processes end with their worker, also while a step blocks them", async () => {
  const job = await submit(["spin", "sleep 2500"]);
  await until(() => said("start").length === 2, "the steps did not begin");
  const sessions = said("start").map(({ pid }) => pid);
  process.kill(workerPid(), "SIGKILL");
  await until(() => sessions.every((one) => inSession(one).length === 0), "a step process lives on", 5_000);
  await fetch(`${millrace.url}/v1/jobs/${job.id}`, { method: "DELETE" });
});

test("steps run at once as far as their ceilings fit into the memory that they may have together", async () => {
  const small = await steps.start("small", { workers: 1, env: { MILLRACE_MEMORY_MIB: "500" } });
  try {
    // The limit is 200 MiB per step, with 4 tasks of the step at once in a worker.
    const job = await submit(Array(4).fill("sleep 1000"), { url: small.url });
    await ended(job, small.url);
    const spans = said("start").map(({ at }, n) => [at, at + 1_000, n] as const);
    for (const [at] of spans)
      expect(spans.filter(([from, to]) => from <= at && at < to).length).toBeLessThanOrEqual(2);
    expect(spans).toHaveLength(4);
  } finally {
    await small.stop();
  }
});
