import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { bandTiff, largePng, longGif, otherPng } from "../src/pipelines/image-convert/test-large.ts";
import { childrenOf, freePort, type Running, startMillrace } from "./crash/processes.ts";

const MIB = 1024 * 1024;
const BUDGET_MIB = 700;
/** Of each step process, without a picture. */
const IDLE_MIB = 130;
/** Of two workers. */
const PROCESSES = 4;
const folder = mkdtempSync(join(tmpdir(), "millrace-large-"));
let millrace: Running;
let watch: NodeJS.Timeout;
let most = 0;

beforeAll(async () => {
  millrace = await startMillrace({
    port: await freePort(),
    args: ["--data", join(folder, "data"), "--workers", "2"],
    env: { MILLRACE_MEMORY_MIB: String(BUDGET_MIB), MILLRACE_CONCURRENCY: "2" },
  });
  watch = setInterval(() => {
    most = Math.max(most, stepMemory());
  }, 20);
});
afterAll(async () => {
  clearInterval(watch);
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  most = 0;
});

/** Resident bytes of all step processes together. */
function stepMemory(): number {
  const workers = childrenOf(millrace.child.pid!).map(({ pid }) => pid);
  let sum = 0;
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${entry}/status`, "latin1");
      const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      if (workers.includes(number("PPid"))) sum += number("VmRSS") * 1024;
    } catch {
      // It has ended.
    }
  }
  return sum;
}

interface Item {
  state: string;
  error: { code: string; message: string } | null;
}

async function convert(files: Buffer[], options: object): Promise<Item[]> {
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.set("options", JSON.stringify(options));
  for (const [n, data] of files.entries()) form.append("files", new Blob([new Uint8Array(data)]), `${n}`);
  const response = await fetch(`${millrace.url}/v1/jobs`, { method: "POST", body: form });
  expect(response.status, await response.clone().text()).toBe(202);
  const { id } = (await response.json()) as { id: string };
  for (;;) {
    const job = await (await fetch(`${millrace.url}/v1/jobs/${id}?wait=60`)).json();
    if (job.finishedAt !== null) return job.items;
  }
}

const outcomes = (items: Item[]) => [...new Set(items.map(({ state, error }) => error?.code ?? state))];
const others = (png: Buffer, count: number) => Array.from({ length: count }, (_, n) => otherPng(png, n));
const bound = (BUDGET_MIB + PROCESSES * IDLE_MIB) * MIB;

test("fifty interlaced PNGs of 49 megapixels are never decoded all at once", {
  timeout: 900_000,
}, async () => {
  const png = largePng(7_000, 7_000);
  expect(png.length).toBeLessThan(400_000);
  // At their own size each needs more than its process may use.
  const whole = await convert(others(png, 42), { format: "webp" });
  expect(outcomes(whole)).toEqual(["too_much_memory"]);
  expect(whole[0]!.error!.message).toMatch(/[\d,]+ MiB.* 1024 MiB has 924 MiB/);
  const small = await convert(others(png, 8), { format: "webp", width: 640 });
  expect(outcomes(small)).toEqual(["succeeded"]);
  expect(most).toBeGreaterThan(400 * MIB);
  expect(most).toBeLessThan(bound);
});

test("GIFs of many frames and TIFFs of many bands stay within the budget", { timeout: 900_000 }, async () => {
  const gifs = await Promise.all([1_000, 1_001, 1_002, 1_003].map((frames) => longGif(200, 200, frames)));
  expect(outcomes(await convert(gifs, { format: "webp", width: 150 }))).toEqual(["succeeded"]);
  const tiffs = [1, 2, 3, 4].map((n) => bandTiff(7_000, 7_000 - n, 5));
  const items = await convert([...tiffs, bandTiff(7_000, 7_000, 100)], { format: "jpeg", width: 640 });
  expect(outcomes(items.slice(0, 4))).toEqual(["succeeded"]);
  expect(items[4]!.error).toMatchObject({
    code: "undecodable_file",
    message: "The file has more than 5 samples for each pixel, which is not supported.",
  });
  expect(most).toBeLessThan(bound);
});
