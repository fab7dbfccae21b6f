import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../src/testing/wait.ts";
import { childrenOf, freePort, type Running, startMillrace } from "./crash/processes.ts";

const BUDGET_MIB = 500;
const folder = mkdtempSync(join(tmpdir(), "millrace-memory-"));
let log = "";
let logs = 0;
let millrace: Running;

beforeAll(async () => {
  millrace = await startMillrace({
    port: await freePort(),
    args: ["--data", join(folder, "data"), "--workers", "2"],
    env: {
      MILLRACE_MEMORY_MIB: String(BUDGET_MIB),
      MILLRACE_PIPELINES: join(import.meta.dirname, "memory/pipeline.ts"),
    },
  });
  // Until the processes of the isolated step are there: they are started one after the other.
  log = join(folder, "first.log");
  for (let ready = false; !ready; ) {
    const { items } = await ended(await submit("apart", Array(4).fill("1 500")));
    ready = items.every(({ state }) => state === "succeeded");
  }
}, 120_000);
afterAll(async () => {
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  log = join(folder, `steps-${logs++}.log`);
  writeFileSync(log, "");
});

interface Job {
  id: string;
  finishedAt: string | null;
  items: { state: string; attempt: number; error: { code: string; message: string } | null }[];
}

async function submit(pipeline: string, texts: string[]): Promise<Job> {
  const form = new FormData();
  form.set("pipeline", pipeline);
  form.set("options", JSON.stringify({ log }));
  for (const [n, text] of texts.entries()) form.append("files", new Blob([text]), `${n}.txt`);
  const response = await fetch(`${millrace.url}/v1/jobs`, { method: "POST", body: form });
  expect(response.status, await response.clone().text()).toBe(202);
  return (await response.json()) as Job;
}

async function ended({ id }: Job): Promise<Job> {
  for (;;) {
    const job = (await (await fetch(`${millrace.url}/v1/jobs/${id}?wait=60`)).json()) as Job;
    if (job.finishedAt !== null) return job;
  }
}

const lines = () =>
  readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [what, item, mib] = line.split(" ");
      return { what, item: Number(item), mib: Number(mib) };
    });
const said = (what: string) => lines().filter((line) => line.what === what);

/** The most that was held at once. */
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
  // Two at once for 3 s each: the last waits longer than the 8 s that a step may take.
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
