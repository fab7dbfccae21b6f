import type { Isolation, StepAttempt } from "../../engine/isolation.ts";
import { type StepChild, startChild } from "./child.ts";
import { findSandbox, type Sandbox } from "./sandbox.ts";
import type { StepSource } from "./spawn.ts";

export interface IsolationOptions extends StepSource {
  /** Children to keep ready, by their memory limit in MiB: as many as run at once. */
  warm: ReadonlyMap<number, number>;
  /** Called once, with what the operating system enforces. */
  onSandbox?(sandbox: Sandbox): void;
}

/** Step processes with one memory limit. */
interface Shelf {
  memoryMiB: number;
  warm: number;
  isUsed: boolean;
  idle: StepChild[];
  /** Children that are being started. */
  starting: number;
  waiting: PromiseWithResolvers<StepChild>[];
}

const WARM_AFTER_MS = 1_500;

/**
 * A warm pool of step processes. A child that was killed or cannot be reused is replaced. One of each memory limit is
 * started beforehand, and the others with the first task, because most workers never run most pipelines.
 */
export function isolationPool(options: IsolationOptions): Isolation {
  const shelves = new Map<number, Shelf>();
  const alive = new Set<StepChild>();
  const sandbox = findSandbox();
  let closed = false;
  void sandbox.then((found) => options.onSandbox?.(found));

  function shelfOf(memoryMiB: number): Shelf {
    let shelf = shelves.get(memoryMiB);
    if (!shelf) {
      const warm = options.warm.get(memoryMiB) ?? 0;
      shelf = { memoryMiB, warm, isUsed: false, idle: [], starting: 0, waiting: [] };
      shelves.set(memoryMiB, shelf);
    }
    return shelf;
  }

  async function start(shelf: Shelf): Promise<void> {
    shelf.starting++;
    try {
      const child = startChild(shelf.memoryMiB, options, await sandbox);
      alive.add(child);
      void child.ended.then(() => {
        alive.delete(child);
        shelf.idle = shelf.idle.filter((one) => one !== child);
      });
      if (closed) child.kill();
      await child.ready;
      shelf.starting--;
      shelve(shelf, child);
    } catch (error) {
      shelf.starting--;
      // If nobody waits, the next task that needs a child tries again.
      shelf.waiting.shift()?.reject(error);
    }
  }

  function shelve(shelf: Shelf, child: StepChild): void {
    const next = shelf.waiting.shift();
    if (next) next.resolve(child);
    else shelf.idle.push(child);
  }

  function take(shelf: Shelf): Promise<StepChild> | StepChild {
    const child = shelf.idle.pop();
    if (child) return child;
    const waiter = Promise.withResolvers<StepChild>();
    shelf.waiting.push(waiter);
    if (shelf.starting < shelf.waiting.length) void start(shelf);
    return waiter.promise;
  }

  function release(shelf: Shelf, child: StepChild): void {
    const spare = shelf.waiting.length === 0 && shelf.idle.length >= shelf.warm;
    if (child.reusable && !spare && !closed) return shelve(shelf, child);
    child.kill();
    const ready = shelf.idle.length + shelf.starting - shelf.waiting.length;
    if (!closed && ready < shelf.warm) void start(shelf);
  }

  function fill(shelf: Shelf, count: number): void {
    while (!closed && shelf.idle.length + shelf.starting < count) void start(shelf);
  }

  // After the process for suspects, which others may be waiting for.
  setTimeout(() => {
    for (const memoryMiB of options.warm.keys()) fill(shelfOf(memoryMiB), 1);
  }, WARM_AFTER_MS).unref();

  return {
    async run(attempt) {
      const shelf = shelfOf(attempt.step.isolate!.memoryMiB);
      const child = await untimed(attempt, () => take(shelf));
      if (!shelf.isUsed) fill(shelf, shelf.warm - 1);
      shelf.isUsed = true;
      try {
        return await child.run(attempt);
      } finally {
        release(shelf, child);
      }
    },
    async close() {
      closed = true;
      const ending = [...alive];
      for (const child of ending) child.kill();
      await Promise.all(ending.map((child) => child.ended));
    },
  };
}

/** Pauses the step's timeout: on a busy machine a process takes seconds to start, which the step must not pay for. */
async function untimed<T>({ time }: StepAttempt, wait: () => Promise<T> | T): Promise<T> {
  const waiting = wait();
  if (!(waiting instanceof Promise)) return waiting;
  time.pause();
  try {
    return await waiting;
  } finally {
    time.resume();
  }
}
