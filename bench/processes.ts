import { type ChildProcess, fork } from "node:child_process";
import { basename, join } from "node:path";
import { freePort, type Running, startMillrace } from "../test/crash/processes.ts";
import type { Session } from "./session.ts";

export { childrenOf, freePort } from "../test/crash/processes.ts";

/** Module with the pipelines that the benchmarks run. */
export const PIPELINES = join(import.meta.dirname, "pipelines.ts");

/** Runs `millrace start` with a separate data folder, as a user would. */
export async function product(
  session: Session,
  {
    workers,
    env = {},
    args = [],
    pipelines = PIPELINES,
  }: { workers: number; env?: NodeJS.ProcessEnv; args?: string[]; pipelines?: string },
): Promise<Running & { data: string }> {
  const port = await freePort();
  const data = join(session.folder, `millrace-${port}`);
  const own = [
    "--data",
    data,
    "--workers",
    String(workers),
    "--pipelines",
    pipelines,
    "--log-level",
    "error",
  ];
  const running = await startMillrace({ port, args: [...own, ...args], env });
  session.onEnd(() => running.stop());
  return { ...running, data };
}

export interface Program {
  child: ChildProcess;
  /** The message it sent when it was ready. */
  ready: { [name: string]: unknown };
  onMessage(handler: (message: { [name: string]: unknown }) => void): void;
  stop(): Promise<void>;
}

/** Runs a file from `programs/` in a separate process until the session ends. */
export function program(
  session: Session,
  file: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; execArgv?: string[] } = {},
): Promise<Program> {
  const env = { ...process.env, ...options.env };
  return startProcess(session, join(import.meta.dirname, "programs", file), args, { ...options, env });
}

/** Runs a module in a separate process until the session ends. Resolves when it reports ready. */
export async function startProcess(
  session: Session,
  path: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; execArgv?: string[] },
): Promise<Program> {
  const child = fork(path, args, options);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  };
  session.onEnd(stop);
  const ready = await new Promise<Program["ready"]>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Program["ready"]));
    child.once("error", reject);
    void ended.then(() => reject(new Error(`${basename(path)} ${args.join(" ")} ended before it was ready`)));
  });
  return { child, ready, onMessage: (handler) => child.on("message", handler as never), stop };
}
