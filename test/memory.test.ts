import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { childrenOf, type Running } from "./crash/processes.ts";
import { acts, type Job, ended as jobEnded } from "./isolation/jobs.ts";

const BUDGET_MIB = 500;
const steps = acts(join(import.meta.dirname, "memory/pipeline.ts"));
let millrace: Running;

beforeAll(async () => {
  millrace = await steps.start("data", { workers: 2, env: { MILLRACE_MEMORY_MIB: String(BUDGET_MIB) } });
  // Waits for the processes of the isolated step, which start one after the other.
  for (let ready = false; !ready; ) {
    const { items } = await ended(await submit("apart", Array(4).fill("1 500")));
    ready = items.every(({ state }) => state === "succeeded");
  }
}, 120_000);
afterAll(async () => {
  await millrace.stop();
  steps.remove();
});
beforeEach(steps.begin);

const submit = (pipeline: string, texts: string[]) => steps.submit(millrace.url, pipeline, texts);
const ended = (job: Job) => jobEnded(job, millrace.url);

const lines = () =>
  steps.lines().map(([what, item, mib]) => ({ what, item: Number(item), mib: Number(mib) }));
const said = (what: string) => lines().filter((line) => line.what === what);

/** The highest amount held at the same time. */
function most(): number {
  let [held, highest] = [0, 0];
  for (const { what, mib } of lines()) {
    if (what === "get") held += mib;
    if (what === "end") held -= mib;
    highest = Math.max(highest, held);
  }
  return highest;
}

test.each(["apart", "within"])("steps %s of all workers share one budget", async (pipeline) => {
  // Two at once for 3 s each, so the last waits longer than the step's timeout of 8 s.
  const { items } = await ended(await submit(pipeline, Array(7).fill("200 3000")));
  expect(items.map(({ state, attempt }) => [state, attempt])).toEqual(Array(7).fill(["succeeded", 1]));
  expect(most()).toBe(400);
});

test("one that can never fit fails for good and names the numbers", async () => {
  const [beyond] = (await ended(await submit("within", ["501 1"]))).items;
  expect(beyond).toMatchObject({ attempt: 1, error: { code: "too_much_memory" } });
  expect(beyond!.error!.message).toMatch(/501 MiB.*500 MiB.*MILLRACE_MEMORY_MIB/);
  const [apart] = (await ended(await submit("apart", ["350 1"]))).items;
  expect(apart!.error!.message).toMatch(/350 MiB.*400 MiB/);
});

test("what a canceled job and a dead worker held, or waited for, is free again", async () => {
  const waits = await submit("within", Array(4).fill("300 1000"));
  await eventually(
    () => said("ask").length === 4,
    10_000,
    () => "the steps did not ask",
  );
  await fetch(`${millrace.url}/v1/jobs/${waits.id}`, { method: "DELETE" });
  const held = await submit("within", Array(4).fill("300 1000"));
  await eventually(
    () => said("get").length >= 2,
    10_000,
    () => "a canceled step still holds memory",
  );
  for (const { pid, role } of childrenOf(millrace.child.pid!))
    if (role === "worker") process.kill(pid, "SIGKILL");
  const { items } = await ended(held);
  expect(items.map(({ state }) => state)).toEqual(Array(4).fill("succeeded"));
});
