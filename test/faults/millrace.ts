import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../src/testing/wait.ts";
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
  pid: number;
}

/** A Millrace in a separate folder, whose steps do what their files say (see `pipeline.ts`), and record it. */
export interface FaultyMillrace {
  readonly folder: string;
  /** For `clocks/preload.js`: a file with the machine's clock offset, in ms. */
  readonly clock: string;
  /** File in which the steps record what they do. */
  readonly log: string;
  readonly running: Running;
  start(): Promise<void>;
  /** Stops it and removes the folder. */
  close(): Promise<void>;
  submit(texts: string[], pipeline?: string): Promise<Job>;
  /** Waits for the job to end, for at most `seconds`. */
  ended(id: string, seconds?: number): Promise<Job>;
  /** The job's attempts that started or ended. */
  lines(jobId: string, word: "start" | "end"): Line[];
  pidsOf(role: "api" | "worker"): number[];
  /** Resolves when each worker has its step processes: one for suspects, and one per processor for images. */
  workersReady(): Promise<void>;
}

export function faultyMillrace(options: {
  workers: number | string;
  env?: NodeJS.ProcessEnv;
}): FaultyMillrace {
  const folder = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  const log = join(folder, "steps.log");
  const clock = join(folder, "clock");
  writeFileSync(log, "");
  writeFileSync(clock, "0");
  let running: Running;
  const pidsOf = (role: "api" | "worker") =>
    childrenOf(running.child.pid!)
      .filter((child) => child.role === role)
      .map((child) => child.pid);
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
        .map((parts) => {
          const [index, attempt, at, pid] = [2, 4, 5, 6].map((n) => Number(parts[n])) as [
            number,
            number,
            number,
            number,
          ];
          return { index, attempt, at, pid };
        }),
    pidsOf,
    async workersReady() {
      const children = (pid: number) =>
        readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").length;
      const complete = Math.min(2, availableParallelism()) + 1;
      await eventually(
        () => pidsOf("worker").every((pid) => children(pid) >= complete),
        60_000,
        () => "a worker has not all its step processes",
      );
      // Gives them time to load their pipelines.
      await sleep(5_000);
    },
  };
}
