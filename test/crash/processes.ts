import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

export interface Running {
  child: ChildProcess;
  url: string;
  /** Its standard error so far. */
  errors(): string;
  stop(): Promise<number | null>;
}

/** Starts `millrace start` as a user would, and waits until it is ready. */
export async function startMillrace(options: {
  port: number;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}): Promise<Running> {
  const child = spawn(
    process.execPath,
    [join(root, "bin", "millrace.js"), "start", "--port", String(options.port), ...options.args],
    { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      const ready = /Millrace is ready: (\S+)/.exec(out);
      if (ready) resolve(ready[1]!);
    });
    void ended.then((code) =>
      reject(new Error(`millrace start ended with ${code} before it was ready:\n${stderr}`)),
    );
  });
  return {
    child,
    url,
    errors: () => stderr,
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** The processes that a supervisor started, with their roles. */
export function childrenOf(pid: number): { pid: number; role: "api" | "worker" }[] {
  const found: { pid: number; role: "api" | "worker" }[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8"))?.[1];
      if (Number(parent) !== pid) continue;
      const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      const role = words.find((word) => word === "api" || word === "worker");
      if (role === "api" || role === "worker") found.push({ pid: Number(entry), role });
    } catch {
      // The process ended while we were reading.
    }
  }
  return found;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
