import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const folder = await mkdtemp(join(tmpdir(), "millrace-schedules-"));
let server: Running | null = null;
afterAll(async () => {
  await server?.stop();
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
  const ended = await millrace([...args, "--json"], { env: { MILLRACE_SERVER: server!.url } });
  if (ended.code !== 0) throw new Error(`${ended.code}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

interface Schedule {
  id: string;
  next: string[];
  paused: boolean;
  items: { data: unknown }[];
}

test("schedules are added, run and removed by command, and outlive a kill without a job too many", async () => {
  server = await start();
  const options = JSON.stringify({ log: join(folder, "log"), ms: 1 });
  const every = ["--every", "1", "--options", options];
  const { id } = await ask<Schedule>("schedules", "add", "noted", "--name", "ticks", ...every);
  await sleep(3_500);
  const { child } = server;
  child.kill("SIGKILL");
  await once(child, "exit");
  await sleep(1_500);
  server = await start();
  await sleep(3_500);
  expect(await ask<Schedule>("schedules", "pause", id)).toMatchObject({ paused: true, next: [] });
  await sleep(500);
  const { items } = await ask<{ items: { id: string; createdAt: string }[] }>(
    "jobs",
    "list",
    "--limit",
    "100",
  );
  // A job's id begins with its due time: one each, except that a single job stands for all times missed while down.
  const times = items.map((job) => Number.parseInt(job.id.slice(0, 8) + job.id.slice(9, 13), 16));
  expect(new Set(times).size).toBe(times.length);
  expect(times.length).toBeGreaterThanOrEqual(4);
  for (const time of times) expect(Math.abs(time - times[0]!) % 1_000).toBe(0);

  const { jobId } = await ask<{ jobId: string }>("schedules", "run", id);
  expect(await ask("jobs", "show", jobId)).toMatchObject({ id: jobId, pipeline: "noted" });
  expect((await ask<Schedule>("schedules", "resume", id)).next).toHaveLength(5);
  await ask("schedules", "rm", id);
  expect(await ask("schedules", "list")).toEqual({ items: [], nextCursor: null });
});

test("a schedule is changed, and found by the beginning of its id", async () => {
  server ??= await start();
  const csv = join(folder, "customers.csv");
  await writeFile(csv, "customer,cents\nAda,5\n");
  const made = await ask<Schedule>("schedules", "add", "invoice", "--cron", "0 2 * * *", "--data", csv);
  expect(made).toMatchObject({ items: [{ data: { customer: "Ada", cents: 5 } }], timeZone: "UTC" });
  const prefix = made.id.slice(0, 24);
  const zone = ["--time-zone", "Asia/Seoul"];
  expect(await ask("schedules", "change", prefix, "--name", "bills", ...zone)).toMatchObject({
    id: made.id,
    name: "bills",
    timeZone: "Asia/Seoul",
    items: made.items,
  });
  expect(await ask("schedules", "change", prefix, "--every", "60", "--overlap", "queue")).toMatchObject({
    everySeconds: 60,
    overlap: "queue",
    name: "bills",
  });
  await ask("schedules", "pause", prefix, "--all");
  expect(await ask("schedules", "show", prefix)).toMatchObject({ paused: true });
  await ask("schedules", "rm", prefix);
});

test("wrong usage is told", async () => {
  server ??= await start();
  const lines = join(folder, "items.ndjson");
  await writeFile(lines, '{"a":1}\n{"a":\n');
  const run = (...args: string[]) =>
    millrace(["schedules", ...args], { env: { MILLRACE_SERVER: server!.url } });
  expect(await run("add", "noted")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--cron or --every"),
  });
  expect(await run("add", "invoice", "--every", "5", "--data", lines)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("line 2"),
  });
  expect(await run("add", "noted", "--cron", "61 * * * *")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("cron:"),
  });
});
