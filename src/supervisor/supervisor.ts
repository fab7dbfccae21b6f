import { type ChildProcess, fork } from "node:child_process";
import { sharedMemory } from "../engine/shared-memory.ts";
import { type BeatMessage, heartbeat } from "./heartbeat.ts";
import { lendMemory, type MemoryRequest } from "./memory.ts";

/** One process that is kept running. */
export interface ChildSpec {
  /** For messages: `api`, `worker 1`. */
  name: string;
  /** Arguments of the `millrace` command. */
  args: string[];
}

export interface SupervisorOptions {
  /** The command's entry module. */
  entry: string;
  env: NodeJS.ProcessEnv;
  /** Working folder of the children. @default this process's */
  cwd?: string;
  children: ChildSpec[];
  /** Memory that the children's steps may reserve together. */
  memoryBytes: number;
  onEvent(event: SupervisorEvent): void;
}

export type SupervisorEvent =
  | { kind: "ready"; name: string; details: unknown }
  /** The child does not answer: it is killed, and so replaced. */
  | { kind: "hung"; name: string; silentMs: number }
  /** The system has no process for it now. */
  | { kind: "unborn"; name: string; cause: string; respawnMs: number }
  | { kind: "ended"; name: string; code: number | null; signal: NodeJS.Signals | null; respawnMs: number }
  | { kind: "refused"; name: string; message: string };

export interface Supervisor {
  /** Resolves when every child has been ready once; rejects when one refuses to start. */
  started: Promise<void>;
  /** Ends the children, all at once, each in its own time. */
  stop(): Promise<void>;
  /** Process ids by name, of those alive now. */
  pids(): Record<string, number>;
}

/** What a child says to its supervisor. */
export type ChildMessage =
  | { kind: "ready"; details: unknown }
  | { kind: "refused"; message: string }
  /** All that matters has ended here, though native code may still compute what nobody waits for. */
  | { kind: "stopped" }
  | BeatMessage
  | MemoryRequest;

const STOP_MS = 45_000;
/** Node joins the threads of native code before it exits; there is nothing to wait for after this time. */
const EXIT_MS = 500;
const FIRST_RESPAWN_MS = 50;
const MAX_RESPAWN_MS = 5_000;
/** A child that lived this long was well: its next end is answered at once again. */
const WELL_MS = 10_000;

/** Keeps a set of processes running until it is stopped. */
export function supervise(options: SupervisorOptions): Supervisor {
  const memory = sharedMemory(options.memoryBytes);
  const alive = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  const waiting = new Set(options.children.map((child) => child.name));
  const started = Promise.withResolvers<void>();
  let stopping = false;

  function spawn(spec: ChildSpec, respawnMs: number): void {
    const again = (wait: number) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        spawn(spec, Math.min(MAX_RESPAWN_MS, wait * 2));
      }, wait);
      timers.add(timer);
    };
    const unborn = (error: Error) => {
      if (stopping) return;
      options.onEvent({ kind: "unborn", name: spec.name, cause: error.message, respawnMs });
      again(respawnMs);
    };
    let child: ChildProcess;
    try {
      child = start(options, spec);
    } catch (error) {
      // Where memory is short; a limit on processes or files comes as an event.
      return unborn(error as Error);
    }
    if (child.pid === undefined) {
      child.once("error", unborn);
      return;
    }
    child.on("error", () => {});
    const born = performance.now();
    alive.set(spec.name, child);
    const beat = heartbeat(child, (silentMs) => {
      options.onEvent({ kind: "hung", name: spec.name, silentMs });
      child.kill("SIGKILL");
    });
    const lend = lendMemory(child, memory);
    child.on("message", (message: ChildMessage) => {
      if (message.kind === "beat") beat.answered(message);
      else if (message.kind === "memory") lend(message);
      else hear(spec, child, message);
    });
    child.on("exit", (code, signal) => {
      beat.stop();
      alive.delete(spec.name);
      if (stopping) return;
      const wait = performance.now() - born > WELL_MS ? FIRST_RESPAWN_MS : respawnMs;
      options.onEvent({ kind: "ended", name: spec.name, code, signal, respawnMs: wait });
      again(wait);
    });
  }

  function hear(
    { name }: ChildSpec,
    child: ChildProcess,
    message: Exclude<ChildMessage, BeatMessage | MemoryRequest>,
  ): void {
    if (message.kind === "stopped") return expectExit(child);
    options.onEvent({ ...message, name });
    if (message.kind === "refused") {
      if (waiting.has(name)) started.reject(new Error(message.message));
      return;
    }
    waiting.delete(name);
    if (waiting.size === 0) started.resolve();
  }

  for (const spec of options.children) spawn(spec, FIRST_RESPAWN_MS);
  // Whoever does not wait for the start learns of a refusal by its event.
  started.promise.catch(() => {});

  return {
    started: started.promise,
    pids: () => Object.fromEntries([...alive].map(([name, child]) => [name, child.pid!])),
    async stop() {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...alive.values()].map(end));
    },
  };
}

function start(options: SupervisorOptions, { args }: ChildSpec): ChildProcess {
  return fork(options.entry, args, {
    env: { ...options.env, MILLRACE_SUPERVISOR: String(process.pid) },
    cwd: options.cwd,
    serialization: "advanced",
    // The supervisor answers the terminal; its children end when it tells them, or is gone.
    detached: false,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function expectExit(child: ChildProcess): void {
  const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_MS);
  child.once("exit", () => clearTimeout(timer));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}
