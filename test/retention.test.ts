import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-retention-"));
let millrace: Running;

const start = async (retentionHours: number) =>
  startMillrace({
    port: await freePort(),
    args: ["--data", join(folder, "data"), "--workers", "1", "--retention-hours", String(retentionHours)],
  });

beforeAll(async () => {
  millrace = await start(1);
}, 30_000);

afterAll(async () => {
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const picture = (name: string) =>
  new File(
    ['<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="9" height="9"/></svg>'],
    name,
  );

async function submit(options: object, ...files: File[]): Promise<Response> {
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.set("options", JSON.stringify(options));
  for (const file of files) form.append("files", file);
  return fetch(`${millrace.url}/v1/jobs`, { method: "POST", body: form });
}

async function converted(options: object): Promise<{ id: string; output: string }> {
  const { id } = (await (await submit(options, picture("a.svg"))).json()) as { id: string };
  const job = (await (await fetch(`${millrace.url}/v1/jobs/${id}?wait=30`)).json()) as {
    state: string;
    items: { outputs: { artifactId: string }[] }[];
  };
  expect(job.state).toBe("succeeded");
  return { id, output: job.items[0]!.outputs[0]!.artifactId };
}

/** Files in the data folder's blob store. */
function files(): string[] {
  return readdirSync(join(folder, "data", "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error("It did not happen within 30 s.");
    await sleep(100);
  }
}

test("a refused request leaves no file behind", { timeout: 60_000 }, async () => {
  const wrong = await submit({}, picture("a.svg"), new File(["not a picture at all"], "b.jpg"));
  expect(wrong.status).toBe(415);
  const invalid = await submit({ width: -1 }, picture("a.svg"));
  expect(invalid.status).toBe(422);
  await until(() => files().length === 0);
});

test("removing a job removes its files, but not those that another job uses", {
  timeout: 60_000,
}, async () => {
  const first = await converted({ width: 20 });
  const second = await converted({ width: 10 });
  // One upload, stored once, and two results.
  expect(files()).toHaveLength(3);
  await fetch(`${millrace.url}/v1/jobs/${first.id}`, { method: "DELETE" });
  expect((await fetch(`${millrace.url}/v1/jobs/${first.id}`)).status).toBe(404);
  await until(() => files().length === 2);
  expect((await fetch(`${millrace.url}/v1/artifacts/${second.output}`)).status).toBe(200);
  await fetch(`${millrace.url}/v1/jobs/${second.id}`, { method: "DELETE" });
  await until(() => files().length === 0);
});

test("results expire: the job says so, its files answer 410 and are gone", { timeout: 60_000 }, async () => {
  await millrace.stop();
  millrace = await start(4 / 3600);
  const { id, output } = await converted({ width: 15 });
  const state = async () =>
    ((await (await fetch(`${millrace.url}/v1/jobs/${id}`)).json()) as { state: string }).state;
  await until(async () => (await state()) === "expired");
  expect((await fetch(`${millrace.url}/v1/artifacts/${output}`)).status).toBe(410);
  await until(() => files().length === 0);
  // The cache does not outlive the files, so the result is computed again.
  const again = await converted({ width: 15 });
  expect((await fetch(`${millrace.url}/v1/artifacts/${again.output}`)).status).toBe(200);
});
