import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Json } from "../domain/records.ts";
import { eventually } from "./wait.ts";

/** A fixture script in its own process, which reports JSON lines on its standard output. */
export interface Child {
  readonly reports: Json[];
  /** The first `count` reports, once they have arrived. */
  until(count: number, ms?: number): Promise<Json[]>;
  /** Kills it without running any handler, like a crash. */
  kill(): Promise<void>;
  /** Waits until it exits by itself; resolves to its exit code. */
  ended(ms: number): Promise<number | null>;
}

/** @param script name of a file in `fixtures/`, without its extension */
export function startChild(script: string, job: Json): Child {
  const path = fileURLToPath(new URL(`./fixtures/${script}${extname(import.meta.url)}`, import.meta.url));
  const process_ = spawn(process.execPath, [path, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const reports: Json[] = [];
  createInterface({ input: process_.stdout }).on("line", (line) => reports.push(JSON.parse(line) as Json));
  const exited = once(process_, "exit");
  return {
    reports,
    async until(count, ms = 10_000) {
      await eventually(
        () => reports.length >= count || hasEnded(process_),
        ms,
        () => `the child process reported ${reports.length} of ${count}`,
      );
      if (reports.length < count)
        throw new Error(`the child process ended after ${reports.length} of ${count}`);
      return reports.slice(0, count);
    },
    async kill() {
      if (hasEnded(process_)) return;
      process_.kill("SIGKILL");
      await exited;
    },
    async ended(ms) {
      await eventually(
        () => hasEnded(process_),
        ms,
        () => "the child process still runs",
      );
      return process_.exitCode;
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
