import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { freePort, type Running, startMillrace } from "../crash/processes.ts";

export interface Job {
  id: string;
  finishedAt: string | null;
  result: unknown;
  items: { state: string; attempt: number; error: { code: string; message: string } | null }[];
}

/** Steps that do what their files say, and record it in a file of lines. */
export interface Acts {
  /** Starts a separate server with the test's pipelines. */
  start(name: string, options: { workers: number; env?: NodeJS.ProcessEnv }): Promise<Running>;
  /** The words of each line that the steps wrote in this test. */
  lines(): string[][];
  /** Discards the lines written so far. */
  begin(): void;
  /** Creates a job with one file for each text. */
  submit(url: string, pipeline: string, texts: readonly string[]): Promise<Job>;
  remove(): void;
}

/** @param pipelines module with the test's pipelines, whose option `log` is the file of lines */
export function acts(pipelines: string): Acts {
  const folder = mkdtempSync(join(tmpdir(), "millrace-acts-"));
  let logs = 0;
  let log = join(folder, "first.log");
  writeFileSync(log, "");
  return {
    start: async (name, { workers, env }) =>
      startMillrace({
        port: await freePort(),
        args: ["--data", join(folder, name), "--workers", String(workers), "--pipelines", pipelines],
        env,
      }),
    lines: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => line.split(" ")),
    begin() {
      log = join(folder, `steps-${logs++}.log`);
      writeFileSync(log, "");
    },
    async submit(url, pipeline, texts) {
      const form = new FormData();
      form.set("pipeline", pipeline);
      form.set("options", JSON.stringify({ log }));
      for (const [n, text] of texts.entries()) form.append("files", new Blob([text]), `${n}.svg`);
      const response = await fetch(`${url}/v1/jobs`, { method: "POST", body: form });
      expect(response.status, await response.clone().text()).toBe(202);
      return (await response.json()) as Job;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Waits for the job to end, however busy the machine is. */
export async function ended({ id }: Job, url: string): Promise<Job> {
  for (;;) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}?wait=60`)).json()) as Job;
    if (job.finishedAt !== null) return job;
  }
}
