import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const entry = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Its standard input. */
  input?: string;
}

/** Runs the real command and waits for it to exit. */
export async function millrace(args: string[], options: CommandOptions = {}): Promise<Ended> {
  return beginMillrace(args, options).ended;
}

/** Starts the command without waiting, so that the caller can interact with it. */
export function beginMillrace(
  args: string[],
  options: CommandOptions = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}).end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}
