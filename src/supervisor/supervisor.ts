import { type ChildProcess, fork } from "node:child_process";
import type { ProcessReport } from "../engine/processes/figures.ts";
import { sharedMemory } from "../engine/shared-memory.ts";
import { type BeatMessage, heartbeat } from "./heartbeat.ts";
import { lendMemory, type MemoryRequest } from "./memory.ts";

/** One process that is kept running. */
export interface ChildSpec {
  /** Shown in messages: `api`, `worker 1`. */
  name: string;
  /** Arguments of the `millrace` command. */
  args: string[];
}

export interface SupervisorOptions {
  /** The command's entry module. */
  entry: string;
  env: NodeJS.ProcessEnv;
  /** Working directory of the children. @default this process's */
  cwd?: string;
  children: ChildSpec[];
  /** How long a child may take to stop before it is killed. @default 45 s */
  stopMs?: number;
  /** Memory that the children's steps may reserve together. */
  memoryBytes: number;
  onEvent(event: SupervisorEvent): void;
}

export type SupervisorEvent =
  | { kind: "ready"; name: string; details: unknown }
  /** The child does not answer: it is killed, and so replaced. */
  | { kind: "hung"; name: string; silentMs: number }
  /** The system cannot create a process for it now. */
  | { kind: "unborn"; name: string; cause: string; respawnMs: number }
  | { kind: "ended"; name: string; code: number | null; signal: NodeJS.Signals | null; respawnMs: number }
  | { kind: "refused"; name: string; message: string; retryable: boolean };

export interface Supervisor {
  /** Resolves once every child has been ready; rejects if one refuses to start, and another try could not help. */
  started: Promise<void>;
  /** Adds a child, which is kept running like the others. */
  add(spec: ChildSpec): void;
  /**
   * Lets a child finish its work, however long that takes, and exit. It is not replaced.
   * @returns how many tasks it did not finish, because it was killed or died after all
   */
  retire(name: string): Promise<number>;
  /** Sends a message to a child, if it is alive. */
  tell(name: string, message: SupervisorReport): void;
  /** Stops the children, all at once, each in its own time. */
  stop(): Promise<void>;
  /** Ids of the running processes, by name. */
  pids(): Record<string, number>;
  /** The children that are kept running, including those about to be restarted. */
  children(): ChildState[];
}

export interface ChildState {
  name: string;
  /** Tasks that it reports as running; `null` before its first report. */
  running: number | null;
  isReady: boolean;
  /** When it was added, by `performance.now()`, ms. */
  addedAt: number;
}

/** To a child. */
export type SupervisorReport =
  /** Another process's resource usage: this is how the supervisor's own figures reach the API. */
  { kind: "process"; report: ProcessReport };

/** Tells a child to finish its tasks and exit. */
export interface RetireMessage {
  kind: "retire";
}

/** From a child to its supervisor. */
export type ChildMessage =
  | { kind: "ready"; details: unknown }
  /** It could not start. `retryable` if another try may succeed, such as when the disk is full. */
  | { kind: "refused"; message: string; retryable: boolean }
  /** Number of tasks it is running. */
  | { kind: "running"; running: number }
  /** All work that matters has ended here, though native code may still be computing something nobody waits for. */
  | { kind: "stopped"; interrupted?: number }
  | BeatMessage
  | MemoryRequest;

const STOP_MS = 45_000;
/** Node joins the threads of native code before it exits; after this time it is not worth waiting for. */
const EXIT_MS = 500;
const FIRST_RESPAWN_MS = 50;
const MAX_RESPAWN_MS = 5_000;
/** A child that lived this long was healthy: when it exits, it is restarted at once. */
const WELL_MS = 10_000;

interface Kept extends ChildState {
  spec: ChildSpec;
  process: ChildProcess | null;
  /** Runs until it is restarted. */
  timer: NodeJS.Timeout | null;
  /** Set if it is not to be replaced: called when it has exited, with the number of tasks that it did not finish. */
  retired: ((interrupted: number) => void) | null;
  interrupted: number;
}

/** Keeps a set of processes running until it is stopped. */
export function supervise(options: SupervisorOptions): Supervisor {
  const memory = sharedMemory(options.memoryBytes);
  const kept = new Map<string, Kept>();
  const waiting = new Set(options.children.map((child) => child.name));
  const started = Promise.withResolvers<void>();
  if (waiting.size === 0) started.resolve();
  let stopping = false;

  function add(spec: ChildSpec): void {
    const entry: Kept = {
      ...{ name: spec.name, spec, running: null, isReady: false, addedAt: performance.now() },
      ...{ process: null, timer: null, retired: null, interrupted: 0 },
    };
    kept.set(spec.name, entry);
    spawn(entry, FIRST_RESPAWN_MS);
  }

  function spawn(entry: Kept, respawnMs: number): void {
    const { name, spec } = entry;
    const again = (wait: number) => {
      entry.timer = setTimeout(() => {
        entry.timer = null;
        spawn(entry, Math.min(MAX_RESPAWN_MS, wait * 2));
      }, wait);
    };
    const unborn = (error: Error) => {
      if (stopping) return;
      options.onEvent({ kind: "unborn", name, cause: error.message, respawnMs });
      again(respawnMs);
    };
    let child: ChildProcess;
    try {
      child = start(options, spec);
    } catch (error) {
      // When memory is short; a limit on processes or files arrives as an event.
      return unborn(error as Error);
    }
    if (child.pid === undefined) {
      child.once("error", unborn);
      return;
    }
    child.on("error", () => {});
    const born = performance.now();
    Object.assign(entry, { process: child, running: null, isReady: false });
    listen(entry, child);
    child.on("exit", (code, signal) => {
      Object.assign(entry, { process: null, isReady: false });
      if (entry.retired) return forget(entry, code === 0 ? entry.interrupted : (entry.running ?? 0));
      if (stopping) return;
      const wait = performance.now() - born > WELL_MS ? FIRST_RESPAWN_MS : respawnMs;
      options.onEvent({ kind: "ended", name, code, signal, respawnMs: wait });
      again(wait);
    });
  }

  function listen(entry: Kept, child: ChildProcess): void {
    const beat = heartbeat(child, (silentMs) => {
      options.onEvent({ kind: "hung", name: entry.name, silentMs });
      child.kill("SIGKILL");
    });
    child.once("exit", () => beat.stop());
    const lend = lendMemory(child, memory);
    child.on("message", (message: ChildMessage) => {
      if (message.kind === "beat") beat.answered(message);
      else if (message.kind === "memory") lend(message);
      else hear(entry, child, message);
    });
  }

  function hear(
    entry: Kept,
    child: ChildProcess,
    message: Exclude<ChildMessage, BeatMessage | MemoryRequest>,
  ): void {
    const { name } = entry;
    if (message.kind === "running") {
      entry.running = message.running;
      return;
    }
    if (message.kind === "stopped") {
      entry.interrupted = message.interrupted ?? 0;
      return expectExit(child);
    }
    options.onEvent({ ...message, name });
    if (message.kind === "refused") {
      if (waiting.has(name) && !message.retryable) started.reject(new Error(message.message));
      return;
    }
    entry.isReady = true;
    waiting.delete(name);
    if (waiting.size === 0) started.resolve();
  }

  function forget(entry: Kept, interrupted: number): void {
    kept.delete(entry.name);
    waiting.delete(entry.name);
    entry.retired?.(interrupted);
  }

  for (const spec of options.children) add(spec);
  // Callers that do not await the start learn of a refusal from its event.
  started.promise.catch(() => {});

  return {
    started: started.promise,
    add,
    tell(name, message) {
      kept.get(name)?.process?.send(message, () => {});
    },
    pids: () =>
      Object.fromEntries(
        [...kept.values()].flatMap(({ name, process }) => (process ? [[name, process.pid!]] : [])),
      ),
    children: () =>
      [...kept.values()]
        .filter((entry) => !entry.retired)
        .map(({ name, running, isReady, addedAt }) => ({ name, running, isReady, addedAt })),
    retire(name) {
      const entry = kept.get(name);
      if (!entry) return Promise.resolve(0);
      return new Promise((resolve) => {
        entry.retired = resolve;
        if (entry.timer) clearTimeout(entry.timer);
        if (entry.process) entry.process.send({ kind: "retire" } satisfies RetireMessage, () => {});
        else forget(entry, 0);
      });
    },
    async stop() {
      stopping = true;
      const all = [...kept.values()];
      for (const { timer } of all) if (timer) clearTimeout(timer);
      const alive = all.flatMap(({ process }) => (process ? [process] : []));
      await Promise.all(alive.map((child) => end(child, options.stopMs ?? STOP_MS)));
    },
  };
}

function start(options: SupervisorOptions, { args }: ChildSpec): ChildProcess {
  return fork(options.entry, args, {
    env: { ...options.env, MILLRACE_SUPERVISOR: String(process.pid) },
    cwd: options.cwd,
    serialization: "advanced",
    // The supervisor handles terminal signals; its children stop when it tells them, or when it is gone.
    detached: false,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function expectExit(child: ChildProcess): void {
  const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_MS);
  child.once("exit", () => clearTimeout(timer));
}

async function end(child: ChildProcess, stopMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await ended;
  clearTimeout(timer);
}
