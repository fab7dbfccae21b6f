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

/** Large pictures of few bytes, all at once: together they have no more in memory than all steps may. */
export const flood: Attack = {
  name: "picture flood",
  isLong: true,
  run: () => floodOf({ count: 50, side: 7_000, frames: 2_000, memoryMiB: 1_200 }),
};

interface Flood {
  /** Of each kind of picture. */
  count: number;
  /** Of the large pictures. */
  side: number;
  /** Of the animations. */
  frames: number;
  /** Best so much that two of the large pictures fit beside each other, and no third. */
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
    // Step processes are up, and have loaded what they keep.
    await Promise.all([1, 2, 3, 4].map((n) => convert(server.url, ["small.png", largePng(8 + n, 8), {}], 1)));
    const idle = descendants(pids);
    // Where a quick process took several of those, the last ones start only now: what they take idle is the same.
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
    // What idle processes take is not in the budget.
    const taken = Math.round(most);
    if (taken > memoryMiB) findings.push(`conversions had ${taken} MiB in memory, not ${memoryMiB}`);
    return { tries: kinds.length * count, findings };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** A job of that many files, which differ in bytes that are no part of the picture. */
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

/** Resident memory, MiB. */
function sum(processes: readonly { mib: number }[]): number {
  return processes.reduce((total, { mib }) => total + mib, 0);
}
