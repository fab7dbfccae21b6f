import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manyFrames } from "../../src/pipelines/image-convert/test-frames.ts";
import { bandTiff, largePng } from "../../src/pipelines/image-convert/test-large.ts";
import { childrenOf, freePort, startMillrace } from "../crash/processes.ts";
import { descendants } from "./processes.ts";
import type { Attack, EndedJob } from "./target.ts";

const LOOK_MS = 50;
const WAIT_MINUTES = 60;

/** Many large images in small files, all at once: together they must stay within the memory budget of all steps. */
export const flood: Attack = {
  name: "picture flood",
  isLong: true,
  run: () => floodOf({ count: 50, side: 7_000, frames: 2_000, memoryMiB: 1_200 }),
};

interface Flood {
  /** Of each kind of image. */
  count: number;
  /** Of the large images. */
  side: number;
  /** Of the animations. */
  frames: number;
  /** Ideally allows exactly two of the large images at a time. */
  memoryMiB: number;
}

export async function floodOf({ count, side, frames, memoryMiB }: Flood) {
  const data = await mkdtemp(join(tmpdir(), "millrace-flood-"));
  const server = await startMillrace({
    port: await freePort(),
    args: ["--data", data, "--workers", "2", "--log-level", "error"],
    env: { MILLRACE_MEMORY_MIB: String(memoryMiB) },
  });
  try {
    const workers = childrenOf(server.child.pid!).filter(({ role }) => role === "worker");
    const pids = workers.map(({ pid }) => pid);
    const kinds: [name: string, content: Buffer, options: object][] = [
      ["interlaced.png", largePng(side, side), { format: "webp", width: 640 }],
      ["frames.gif", await manyFrames("GIF", frames, 150), { format: "webp", width: 100 }],
      ["bands.tif", bandTiff(side, side, 5), { format: "jpeg", width: 640 }],
    ];
    // Starts the step processes, and makes them load what they keep.
    await Promise.all([1, 2, 3, 4].map((n) => convert(server.url, ["small.png", largePng(8 + n, 8), {}], 1)));
    const idle = descendants(pids);
    // A fast process may have taken several of these, so the last ones start only now, with the same idle memory.
    const one = Math.min(...idle.map(({ mib }) => mib));
    let most = 0;
    const timer = setInterval(() => {
      const now = descendants(pids);
      most = Math.max(most, sum(now) - sum(idle) - Math.max(0, now.length - idle.length) * one);
    }, LOOK_MS);
    const jobs = await Promise.all(kinds.map((kind) => convert(server.url, kind, count)));
    clearInterval(timer);
    const findings = jobs.flatMap(({ items }, kind) => {
      const failed = items.filter(({ error }) => error !== null);
      return failed.length === 0 ? [] : [`${failed.length} × ${kinds[kind]![0]}: ${failed[0]!.error!.code}`];
    });
    // The budget does not count the memory of idle processes.
    const taken = Math.round(most);
    if (taken > memoryMiB) findings.push(`conversions had ${taken} MiB in memory, not ${memoryMiB}`);
    return { tries: kinds.length * count, findings };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** Submits `count` files that differ only in bytes outside the image data. */
async function convert(
  url: string,
  [name, content, options]: [string, Buffer, object],
  count: number,
): Promise<EndedJob> {
  const form = new FormData();
  form.set("pipeline", "image.convert");
  form.set("options", JSON.stringify(options));
  for (let n = 0; n < count; n++)
    form.append("files", new Blob([new Uint8Array(content), `${n}`]), `${n}-${name}`);
  const created = await fetch(`${url}/v1/jobs`, { method: "POST", body: form });
  const { id } = (await created.json()) as { id: string };
  for (let minute = 0; ; minute++) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}?wait=60`)).json()) as EndedJob;
    if (job.finishedAt !== null || minute > WAIT_MINUTES) return job;
  }
}

/** Resident memory, in MiB. */
function sum(processes: readonly { mib: number }[]): number {
  return processes.reduce((total, { mib }) => total + mib, 0);
}
