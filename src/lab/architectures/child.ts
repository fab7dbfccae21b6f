import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program of the study in a separate process. */
export interface Program {
  readonly child: ChildProcess;
  readonly url: string;
  stop(): Promise<void>;
}

/** Time for a process to exit before it is killed. */
const STOP_MS = 2_000;

/** In a program: reports its URL to the parent, and exits with the parent. */
export function ready(message: { url: string }): void {
  process.on("disconnect", () => process.exit());
  process.on("SIGTERM", () => process.exit());
  process.send!(message);
}

/** Starts a program and waits until it listens. It gets `settings` as JSON (`settingsOf`). */
export async function startProgram(file: URL, settings: object): Promise<Program> {
  const child = fork(fileURLToPath(file), [JSON.stringify(settings)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("message", (message: { url: string }) => resolve(message.url));
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${file.pathname} exited with code ${code} before it was ready`)),
    );
  });
  return { child, url, stop: () => stopChild(child) };
}

/** In a program: its settings. */
export function settingsOf<T>(): T {
  return JSON.parse(process.argv[2]!) as T;
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}
