import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../errors.ts";
import { raiseToEnd } from "./sandbox.ts";

/** How step processes load their pipelines. */
export interface StepSource {
  /** Module whose `loadStepPipelines(source)` returns the pipelines. */
  loader: string;
  /** Must not contain credentials. */
  source: unknown;
}

/** The command line of a step process of this worker. */
export const stepProcess: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("./step-process.ts", import.meta.url)),
  String(process.pid),
];

/**
 * @param options.env @default the worker's environment
 * @param options.output standard output and standard error
 */
export function spawnStepProcess(
  [command, ...args]: readonly string[],
  { env, output }: { env?: NodeJS.ProcessEnv; output: "inherit" | "pipe" },
): ChildProcess {
  return spawn(command!, args, {
    // In its own process group, so that whatever a step starts is killed with it.
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
    // It has already exited.
  }
}

/** The machine is to blame, so no attempt is charged. */
export function unstarted(why: string): MillraceError {
  return new MillraceError("unavailable", `The step's process cannot be started: ${why}`);
}
