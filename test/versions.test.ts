import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-versions-"));
const data = join(folder, "data");
const log = join(folder, "log");
const mended = join(folder, "mended");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const moduleOf = (name: string) => join(import.meta.dirname, "versions", `${name}.ts`);

async function start(name: "one" | "two" | "both", workers = 1): Promise<Running> {
  const args = ["--data", data, "--workers", String(workers), "--pipelines", moduleOf(name)];
  return startMillrace({ port: await freePort(), args });
}

interface Job {
  id: string;
  state: string;
  pipelineVersion: number;
  waiting: string | null;
}

async function ask<T>({ url }: Running, path: string, body?: object): Promise<T> {
  const request = body && {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return (await (await fetch(`${url}${path}`, request)).json()) as T;
}
const submit = (to: Running, options: object) =>
  ask<Job>(to, "/v1/jobs", { pipeline: "aged", options: { log, ...options } });
const jobOf = (to: Running, { id }: Job) => ask<Job>(to, `/v1/jobs/${id}`);

test("jobs of a version that no worker has say so, and run when one process has both", {
  timeout: 120_000,
}, async () => {
  writeFileSync(log, "");
  const one = await start("one");
  const dead = await submit(one, { failUnless: mended });
  await expect.poll(async () => (await jobOf(one, dead)).state, { timeout: 60_000 }).toBe("failed");
  await one.stop();
  const without = await start("one", 0);
  const queued = await submit(without, {});
  await without.stop();
  writeFileSync(mended, "");

  const two = await start("two");
  const retried = await fetch(`${two.url}/v1/jobs/${dead.id}/retry`, { method: "POST" });
  expect(retried.status).toBe(202);
  for (const job of [dead, queued]) {
    await expect
      .poll(async () => (await jobOf(two, job)).waiting, { timeout: 60_000 })
      .toBe("No worker runs version 1 of aged. The rest of the job waits for one that does.");
  }
  const ready = await ask<{ ready: boolean; unserved: object[] }>(two, "/readyz");
  expect(ready).toMatchObject({ ready: true, unserved: [{ queue: "aged/work", waiting: 2 }] });
  const metrics = await (await fetch(`${two.url}/metrics`)).text();
  expect(metrics).toMatch(/^millrace_queue_workers\{queue="aged\/work"\} 0$/m);
  expect(metrics).toMatch(/^millrace_queue_unserved_tasks\{queue="aged\/work"\} 2$/m);
  expect(metrics).toMatch(/^millrace_queue_unserved_tasks\{queue="aged@2\/work"\} 0$/m);
  await expect
    .poll(() => two.errors(), { timeout: 60_000 })
    .toContain('no worker serves the step \\"work\\" of aged, version 1, so its tasks wait');
  const doctor = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "..", "bin", "millrace.js"),
    ...["doctor", "--data", data, "--pipelines", moduleOf("two")],
  ]).catch((error: { stdout: string }) => error);
  expect(doctor.stdout).toContain('2 tasks and 0 dead letters need the step "work" of aged, version 1');
  await two.stop();

  const both = await start("both");
  const fresh = await submit(both, {});
  expect(fresh.pipelineVersion).toBe(2);
  for (const job of [dead, queued, fresh]) {
    await expect.poll(async () => (await jobOf(both, job)).state, { timeout: 60_000 }).toBe("succeeded");
  }
  expect(await jobOf(both, dead)).toMatchObject({ pipelineVersion: 1, waiting: null });
  expect(readFileSync(log, "utf8").trim().split("\n").sort()).toEqual(["1", "1", "2"]);
  // The response is at most a second old.
  await expect.poll(async () => (await ask<{ unserved: object[] }>(both, "/readyz")).unserved).toEqual([]);
  await both.stop();
});
