import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../errors.ts";
import { raiseToEnd } from "./sandbox.ts";

/** How step processes find their pipelines. */
export interface StepSource {
  /** Module whose `loadStepPipelines(source)` gives the pipelines. */
  loader: string;
  /** Without credentials. */
  source: unknown;
}

/** The command line of a step process of this worker. */
export const stepProcess: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("./step-process.ts", import.meta.url)),
  String(process.pid),
];

/**
 * @param options.env by default that of the worker
 * @param options.output standard output and standard error
 */
export function spawnStepProcess(
  [command, ...args]: readonly string[],
  { env, output }: { env?: NodeJS.ProcessEnv; output: "inherit" | "pipe" },
): ChildProcess {
  return spawn(command!, args, {
    // A process group of its own, so that what a step starts is killed with it.
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
    serialization: "advanced",
    env,
  });
}

/** Kills the process and everything it started, at once. */
export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid === undefined) return;
    process.kill(-pid, "SIGKILL");
    raiseToEnd(pid);
  } catch {
    // It has ended by itself.
  }
}

/** Nobody's fault but the machine's: no attempt is charged. */
export function unstarted(why: string): MillraceError {
  return new MillraceError("unavailable", `A process for the step cannot be started: ${why}`);
}
