import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Kill } from "./journal.ts";
import { childrenOf, freePort, type Running, startMillrace } from "./processes.ts";

const root = join(import.meta.dirname, "..", "..");

/** How long to keep restarting, like a service manager. */
const RESTART_MS = 60_000;

export type Role = "worker" | "api" | "supervisor";
export type Signal = "SIGKILL" | "SIGTERM" | "SIGSTOP";

/** A running Millrace whose processes may be killed. */
export interface Installation {
  /** URLs of its API processes. */
  readonly urls: readonly string[];
  readonly roles: readonly Role[];
  /** Sends the signal to a random process of the role, which is started again if it ends. `null` if there is none. */
  end(role: Role, signal: Signal): Promise<Kill | null>;
  /** Describes what is running and its last output, to explain why a campaign failed. */
  state(): string;
  /** Shuts it down cleanly. */
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** Contains the data folder. */
  folder: string;
  /** Module paths. */
  pipelines: readonly string[];
  env: NodeJS.ProcessEnv;
  workers: number;
  /** Number of API processes, if they run separately. */
  apis: number;
  /** Resolves when the required servers respond, without which nothing starts. */
  needed(): Promise<void>;
}

function common({ folder, pipelines }: InstallationOptions): string[] {
  const modules = pipelines.length > 0 ? ["--pipelines", ...pipelines] : [];
  return ["--data", join(folder, "data"), "--log-level", "error", ...modules];
}

/** Runs one `millrace start`, whose supervisor replaces processes that end. */
export async function supervised(options: InstallationOptions): Promise<Installation> {
  const port = await freePort();
  const args = ["--workers", String(options.workers), ...common(options)];
  let stopping = false;
  let current: Running | null = null;
  let refusal = "";
  let starting = start();
  const first = await starting;

  async function start(): Promise<Running> {
    await options.needed();
    const running = await startMillrace({ port, args, env: options.env });
    current = running;
    const children = () => childrenOf(running.child.pid!).map((child) => child.pid);
    let last = children();
    const looking = setInterval(() => {
      last = children();
    }, 250);
    running.child.once("exit", () => {
      clearInterval(looking);
      current = null;
      if (!stopping) starting = again(last);
    });
    return running;
  }

  /** Restarts it like a service manager, because a start may fail while a server is down. */
  async function again(children: readonly number[]): Promise<Running> {
    await gone(children);
    for (const deadline = Date.now() + RESTART_MS; ; ) {
      try {
        return await start();
      } catch (error) {
        refusal = (error as Error).message;
        if (Date.now() > deadline) throw error;
        await sleep(500);
      }
    }
  }

  return {
    urls: [first.url],
    roles: ["worker", "api", "supervisor"],
    async end(role, signal) {
      const running = await starting;
      const children = childrenOf(running.child.pid!);
      if (role === "supervisor") {
        const ended = once(running.child, "exit");
        const pids = children.flatMap((child) => [child.pid, ...stepProcessesOf(child.pid)]);
        const kill = send(running.child.pid!, signal);
        if (!kill) return null;
        await ended;
        await starting;
        return { pids, at: kill.at };
      }
      const victim = oneOf(children.filter((child) => child.role === role));
      return victim && send(victim.pid, signal);
    },
    state() {
      if (!current) return `the supervisor is being started; the last failed: ${refusal || "none"}`;
      const children = childrenOf(current.child.pid!).map(({ role, pid }) => `${role} ${pid}`);
      return `supervisor ${current.child.pid} runs ${children.join(", ") || "nothing"}\n${current.errors()}`;
    },
    async stop() {
      const running = await starting;
      stopping = true;
      await running.stop();
    },
  };
}

/** Runs `millrace api` and `millrace worker` as separate processes, as on several machines. */
export async function separate(options: InstallationOptions): Promise<Installation> {
  const ports = await Promise.all(Array.from({ length: options.apis }, freePort));
  const args = common(options);
  const processes = [
    ...ports.map((port) => keep("api", ["api", "--port", String(port), ...args], options)),
    ...Array.from({ length: options.workers }, () => keep("worker", ["worker", ...args], options)),
  ];
  await Promise.all(processes.map((process_) => process_.ready));

  return {
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    roles: ["worker", "api"],
    async end(role, signal) {
      const victim = oneOf(processes.filter((one) => one.role === role && one.pid() !== null));
      return victim && send(victim.pid()!, signal);
    },
    state: () => processes.map((one) => `${one.role} ${one.pid() ?? "is being started"}`).join(", "),
    async stop() {
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}

interface Kept {
  role: Role;
  /** Resolves once it has been ready for the first time. */
  ready: Promise<void>;
  pid(): number | null;
  stop(): Promise<void>;
}

/** Runs a command, and restarts it whenever it ends, like a service manager. */
function keep(role: Role, args: string[], options: InstallationOptions): Kept {
  const ready = Promise.withResolvers<void>();
  let child: ChildProcess | null = null;
  let stopping = false;
  const over = run();

  async function run(): Promise<void> {
    while (!stopping) {
      await options.needed();
      if (stopping) return;
      child = spawn(process.execPath, [join(root, "bin", "millrace.js"), ...args], {
        env: { ...process.env, ...options.env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let errors = "";
      child.stdout!.on("data", () => ready.resolve());
      child.stderr!.on("data", (chunk: Buffer) => {
        errors = (errors + chunk.toString()).slice(-5_000);
      });
      const [code] = (await once(child, "exit")) as [number | null];
      child = null;
      if (code) ready.reject(new Error(`millrace ${role} ended with ${code}:\n${errors}`));
      await sleep(code ? 500 : 50);
    }
  }

  return {
    role,
    ready: ready.promise,
    pid: () => child?.pid ?? null,
    async stop() {
      stopping = true;
      child?.kill("SIGTERM");
      await over;
    },
  };
}

function send(pid: number, signal: Signal): Kill | null {
  const pids = [pid, ...stepProcessesOf(pid)];
  const at = Date.now();
  try {
    process.kill(pid, signal);
    return { pids, at };
  } catch {
    // The process had just ended by itself.
    return null;
  }
}

/** Step processes end together with their worker. */
function stepProcessesOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return children.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function oneOf<T>(candidates: readonly T[]): T | null {
  return candidates[Math.floor(Math.random() * candidates.length)] ?? null;
}

/** Waits until the children of a killed supervisor have ended, which they do when its channel closes. */
async function gone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  const left = () => pids.filter((pid) => existsSync(`/proc/${pid}/exe`));
  while (left().length > 0) {
    if (Date.now() > deadline)
      throw new Error(`Processes outlived their supervisor by 10 s:\n${left().map(stateOf).join("\n")}`);
    await sleep(20);
  }
}

/** Describes a process: its command, whether it is stopped or waits for a disk, and its CPU time. */
function stateOf(pid: number): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(1, 4).join(" ");
    return `${pid} ${words}: ${readFileSync(`/proc/${pid}/stat`, "utf8")}`;
  } catch {
    return `${pid} has ended by now`;
  }
}
