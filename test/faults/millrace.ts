import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf, freePort, type Running, startMillrace } from "../crash/processes.ts";

export interface Job {
  id: string;
  state: string;
  items: { index: number; state: string; attempt: number; error: { code: string; message: string } | null }[];
}

export interface Line {
  index: number;
  at: number;
  attempt: number;
}

/** A Millrace in a folder of its own whose steps do what their files say (see `pipeline.ts`), and write it down. */
export interface FaultyMillrace {
  readonly folder: string;
  /** For `clocks/preload.js`: by how much the machine's clock is off, ms. */
  readonly clock: string;
  /** Where the steps write down what they do. */
  readonly log: string;
  readonly running: Running;
  start(): Promise<void>;
  /** Ends it, and removes the folder. */
  close(): Promise<void>;
  submit(texts: string[], pipeline?: string): Promise<Job>;
  /** The job when it has ended, or after so long. */
  ended(id: string, seconds?: number): Promise<Job>;
  /** The job's attempts that began, or ended. */
  lines(jobId: string, word: "start" | "end"): Line[];
  pidsOf(role: "api" | "worker"): number[];
}

export function faultyMillrace(options: { workers: number; env?: NodeJS.ProcessEnv }): FaultyMillrace {
  const folder = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  const log = join(folder, "steps.log");
  const clock = join(folder, "clock");
  writeFileSync(log, "");
  writeFileSync(clock, "0");
  let running: Running;
  const url = (path: string) => `${running.url}${path}`;

  return {
    folder,
    log,
    clock,
    get running() {
      return running;
    },
    async start() {
      running = await startMillrace({
        port: await freePort(),
        args: [
          ...["--data", join(folder, "data"), "--workers", String(options.workers)],
          ...["--pipelines", join(import.meta.dirname, "pipeline.ts")],
        ],
        env: { ...options.env, FAULTS_LOG: log, CLOCK_FILE: clock },
      });
    },
    async close() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    async submit(texts, pipeline = "faults") {
      const form = new FormData();
      form.set("pipeline", pipeline);
      for (const [n, text] of texts.entries()) form.append("files", new Blob([text]), `${n}.txt`);
      const response = await fetch(url("/v1/jobs"), { method: "POST", body: form });
      if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Job;
    },
    async ended(id, seconds = 60) {
      return (await (await fetch(url(`/v1/jobs/${id}?wait=${seconds}`))).json()) as Job;
    },
    lines: (jobId, word) =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.startsWith(`${word} ${jobId}`))
        .map((line) => line.split(" "))
        .map((parts) => ({ index: Number(parts[2]), attempt: Number(parts[4]), at: Number(parts[5]) })),
    pidsOf: (role) =>
      childrenOf(running.child.pid!)
        .filter((child) => child.role === role)
        .map((child) => child.pid),
  };
}
