import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";

/** A separate disk, small enough to fill. 256 MiB are the reserve below which work is rejected. */
const SIZE_MIB = 320;
const folder = mkdtempSync(join(tmpdir(), "millrace-disk-"));
const disk = join(folder, "disk");
let mounted = false;
let millrace: Running | null = null;

beforeAll(async () => {
  try {
    execFileSync("mkdir", [disk]);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MIB}m`, "tmpfs", disk], { stdio: "ignore" });
    mounted = true;
  } catch {
    return;
  }
  millrace = await startMillrace({
    port: await freePort(),
    args: [
      "--data",
      join(disk, "data"),
      "--workers",
      "1",
      "--pipelines",
      join(import.meta.dirname, "faults/pipeline.ts"),
    ],
    env: { FAULTS_LOG: join(folder, "steps.log") },
  });
}, 30_000);

afterAll(async () => {
  await millrace?.stop();
  if (mounted) execFileSync("umount", [disk]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Fills the disk, leaving only this much space. */
function fill(leaveMiB: number): void {
  const file = openSync(join(disk, "filler"), "w");
  const block = Buffer.alloc(1024 * 1024, 1);
  let written = 0;
  try {
    for (; ; written++) writeSync(file, block);
  } catch {
    ftruncateSync(file, Math.max(0, written - leaveMiB) * 1024 * 1024);
  }
  closeSync(file);
}

const tus = { "tus-resumable": "1.0.0" };

async function submit(texts: string[], path = "/v1/jobs"): Promise<Response> {
  const form = new FormData();
  form.set("pipeline", "faults");
  for (const [n, text] of texts.entries()) form.append("files", new Blob([text]), `${n}.txt`);
  return fetch(millrace!.url + path, { method: "POST", body: form });
}

test("a full disk refuses new work, loses nothing that was accepted, and is forgotten when there is room", {
  timeout: 120_000,
}, async (ctx) => {
  if (!mounted) return ctx.skip("missing: the right to mount a small disk");
  const accepted = await submit(Array.from({ length: 20 }, () => "sleep 300"));
  expect(accepted.status).toBe(202);
  const { id } = (await accepted.json()) as { id: string };

  const other = (await (await submit(["sleep 60000"])).json()) as { id: string };
  const created = await fetch(`${millrace!.url}/v1/uploads`, {
    method: "POST",
    headers: { ...tus, "upload-length": "3" },
  });
  const upload = created.headers.get("location")!;

  fill(0);
  await sleep(1_500);
  const chunk = await fetch(millrace!.url + upload, {
    method: "PATCH",
    headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: "abc",
  });
  expect(chunk.status).toBe(507);
  expect((await submit(["sleep 1"], "/v1/jobs/quote")).status).toBe(507);
  const refused = await submit(["sleep 1"]);
  expect(refused.status).toBe(507);
  expect(await refused.json()).toMatchObject({ code: "storage_full", status: 507 });
  const alive = await fetch(`${millrace!.url}/healthz`);
  expect(alive.status).toBe(200);
  const ready = await fetch(`${millrace!.url}/readyz`);
  expect(ready.status).toBe(503);

  // Requests that help free space still work: reads, cancels, and deletes.
  expect((await fetch(`${millrace!.url}/v1/jobs/${id}`)).status).toBe(200);
  expect((await fetch(`${millrace!.url}/v1/jobs/${other.id}/cancel`, { method: "POST" })).status).toBe(200);
  expect((await fetch(`${millrace!.url}/v1/jobs/${other.id}`, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(millrace!.url + upload, { method: "DELETE", headers: tus })).status).toBe(204);

  rmSync(join(disk, "filler"));
  await sleep(1_500);
  const job = (await (await fetch(`${millrace!.url}/v1/jobs/${id}?wait=50`)).json()) as {
    state: string;
    items: { attempt: number }[];
  };
  expect(job.state).toBe("succeeded");
  expect(job.items.map((item) => item.attempt)).toEqual(Array(20).fill(1));
  const again = await submit(["sleep 1"]);
  expect(again.status).toBe(202);
});
