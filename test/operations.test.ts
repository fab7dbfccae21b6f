import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../src/adapters/postgres/testing.ts";
import type { Operation } from "../src/client/index.ts";
import { addressOf, withService } from "../src/testing/services.ts";
import { millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const JOBS = 20;

let folder: string;
let server: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-operations-"));
  server = await start();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Running> {
  return startMillrace({
    port: await freePort(),
    args: ["--data", join(folder, "data"), "--workers", "1"],
    env: { MILLRACE_PIPELINES: join(import.meta.dirname, "cli", "pipeline.ts") },
  });
}

async function ask<T>(...args: string[]): Promise<T> {
  const ended = await millrace([...args, "--json"], { env: { MILLRACE_SERVER: server.url } });
  if (ended.code !== 0) throw new Error(`${ended.code}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

async function send<T>({ url }: Running, path: string, body: object): Promise<T> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect([path, response.status]).toEqual([path, 202]);
  return (await response.json()) as T;
}

/** Creates jobs that fail until the file exists. Returns their ids. */
async function failingJobs(at: Running, needs: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await send<{ id: string }>(at, "/v1/jobs", { pipeline: "mendable", options: { needs } })).id);
  }
  for (const id of ids) await fetch(`${at.url}/v1/jobs/${id}?wait=20`);
  return ids;
}

test("an operation outlives a kill of everything, and replays each dead letter once", async () => {
  const needs = join(folder, "needed");
  const ids = await failingJobs(server, needs, JOBS);
  await writeFile(needs, "");

  const counted = await ask<Operation>(
    "operations",
    "replay",
    "--pipeline",
    "mendable",
    "--dry-run",
    "--watch",
  );
  expect(counted).toMatchObject({ state: "counted", matched: JOBS, done: 0 });
  const filter = ["--pipeline", "mendable", "--per-second", "6"];
  const { id } = await ask<Operation>("operations", "replay", ...filter);
  const shown = () => ask<Operation>("operations", "show", id);
  await expect.poll(async () => (await shown()).done, { timeout: 60_000 }).toBeGreaterThan(3);
  const { child } = server;
  child.kill("SIGKILL");
  await once(child, "exit");
  server = await start();
  const done = await ask<Operation>("operations", "show", id, "--watch");
  expect(done).toMatchObject({ state: "done", matched: JOBS, done: JOBS, skipped: 0, returned: 0 });
  for (const job of ids) {
    const answer = await fetch(`${server.url}/v1/jobs/${job}`);
    const { state, run } = (await answer.json()) as { state: string; run: number };
    expect([job, state, run]).toEqual([job, "succeeded", 2]);
  }
  const { items } = await ask<{ items: Operation[] }>("operations", "list");
  expect(items.map(({ state }) => state)).toEqual(["done", "counted"]);
}, 180_000);

test("an operation on every job is not begun by mistake", async () => {
  const run = (...args: string[]) =>
    millrace(["operations", ...args], { env: { MILLRACE_SERVER: server.url } });
  expect(await run("delete")).toMatchObject({ code: 2, stderr: expect.stringContaining("--dry-run") });
  expect(await run("replay", "--options", "nonsense")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("JSON object"),
  });
  expect(await run("show", "nope")).toMatchObject({ code: 1, stderr: expect.stringContaining("no such") });
});

test("a worker that is asked to drain ends in order, and another one takes its place", async () => {
  const workers = async () => {
    const answer = await fetch(`${server.url}/v1/admin/workers`);
    return ((await answer.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
  };
  const [before] = await workers();
  const asked = await fetch(`${server.url}/v1/admin/workers/${before}/drain`, { method: "POST" });
  expect([asked.status, ((await asked.json()) as { state: string }).state]).toEqual([202, "draining"]);
  await expect
    .poll(async () => (await workers()).filter((id) => id !== before).length, { timeout: 60_000 })
    .toBe(1);
  await expect.poll(workers, { timeout: 60_000 }).not.toContain(before);
  expect((await fetch(`${server.url}/v1/admin/workers/nobody/drain`, { method: "POST" })).status).toBe(404);
}, 60_000);

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  let own: Running;

  beforeAll(async () => {
    own = await startMillrace({
      port: await freePort(),
      args: ["--data", join(folder, "postgres"), "--workers", "1"],
      env: {
        MILLRACE_STORE: schema.url,
        MILLRACE_PIPELINES: join(import.meta.dirname, "cli", "pipeline.ts"),
      },
    });
  });
  afterAll(async () => {
    await own?.stop();
    await schema.drop();
  });

  test("on PostgreSQL a canary goes first, the same error stops a replay, and then all are replayed", async () => {
    const needs = join(folder, "needed on PostgreSQL");
    const ids = await failingJobs(own, needs, 12);
    const replay = async (body: object) => {
      const letters = { target: "dead-letters", action: "replay", filter: { pipeline: "mendable" } };
      const { id } = await send<Operation>(own, "/v1/admin/operations", { ...letters, ...body });
      const shown = async (): Promise<Operation> =>
        (await (await fetch(`${own.url}/v1/admin/operations/${id}`)).json()) as Operation;
      await expect
        .poll(async () => (await shown()).state, { timeout: 60_000 })
        .toMatch(/^(done|stopped|failed)$/);
      return shown();
    };

    const canary = await replay({});
    expect(canary).toMatchObject({ state: "stopped", matched: 12, done: 1, returned: 1 });
    const again = await replay({ canary: 0, stopAfter: 3, perSecond: 8 });
    expect(again).toMatchObject({ state: "stopped", matched: 12 });
    // More replays may have started while the third one ran.
    expect(again.returned).toBeGreaterThanOrEqual(3);
    expect(again.reason).toContain("failed again with the same error");
    expect(again.done).toBeLessThan(8);

    await writeFile(needs, "");
    const done = await replay({ canary: 2 });
    expect(done).toMatchObject({ state: "done", matched: 12, done: 12, skipped: 0, returned: 0 });
    for (const id of ids) {
      const job = (await (await fetch(`${own.url}/v1/jobs/${id}?wait=10`)).json()) as { state: string };
      expect([id, job.state]).toEqual([id, "succeeded"]);
    }
  }, 180_000);
});
