import { createHash } from "node:crypto";
import type { Run, Worked, WorkFile, WorkloadName, WorkSettings } from "./workload.ts";

/** Loaded on first use, so that a process that sleeps does not load an image library. */
const runs: Record<WorkloadName, () => Promise<Run>> = {
  "document.ocr": async () => (await import("./ocr.ts")).ocr,
  sleep: async () => (await import("./sleep.ts")).sleep,
  spin: async () => (await import("./spin.ts")).spin,
  exclusive: async () => (await import("./exclusive.ts")).exclusive,
  "image.convert": async () => (await import("./convert.ts")).convert,
};

const PREVIEW_CHARACTERS = 200;

/** Does the work of one request in this process. */
export async function work(
  settings: WorkSettings,
  file: WorkFile,
  signal: AbortSignal = new AbortController().signal,
): Promise<Worked> {
  const run = await runs[settings.workload]();
  const startedAt = Date.now();
  const output = await run(file, settings, signal);
  return {
    startedAt,
    endedAt: Date.now(),
    result: createHash("sha256").update(output).digest("hex").slice(0, 32),
    preview: output.slice(0, PREVIEW_CHARACTERS),
  };
}

/** Preloads what the work needs, so that the first request is not slower. */
export async function prepare({ workload }: WorkSettings): Promise<void> {
  await runs[workload]();
}
