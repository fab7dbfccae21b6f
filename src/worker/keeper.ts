import { Worker } from "node:worker_threads";
import type { LeaseKeeper } from "../engine/leases.ts";
import type { WorkerRecord } from "../ports/store/tasks.ts";

/** To the keeper's thread: leases taken up and given back, and what the worker says of itself. */
export type KeeperMessage =
  | { kind: "leases"; held: [taskId: string, lease: string, until: number][]; released: string[] }
  | { kind: "worker"; record: WorkerRecord }
  | { kind: "close" };

export interface KeeperData {
  /** Module whose `openStore(config)` opens the records, for the thread's own connection. */
  opener: string;
  config: unknown;
}

export interface Keeper extends LeaseKeeper {
  describe(record: WorkerRecord): void;
}

/**
 * Leases are renewed from a thread of their own, so that a step which blocks the worker's event loop
 * keeps its lease; and when it blocks past its time, the thread ends the process.
 */
export function startKeeper(data: KeeperData): Keeper {
  const thread = new Worker(new URL("./keeper-thread.ts", import.meta.url), { workerData: data });
  const holders = new Map<string, { lease: string; onLost: () => void }>();
  let held: [string, string, number][] = [];
  let released: string[] = [];
  let posting = false;

  // The lease is named too: by now this process may hold the task under another.
  thread.on("message", (lost: [taskId: string, lease: string][]) => {
    for (const [taskId, lease] of lost) {
      const holder = holders.get(taskId);
      if (holder?.lease === lease) holder.onLost();
    }
  });
  const post = (message: KeeperMessage) => thread.postMessage(message);
  // Before the next task of this turn starts its step, which may block.
  const flush = () => {
    posting = false;
    post({ kind: "leases", held, released });
    held = [];
    released = [];
  };
  const schedule = () => {
    if (posting) return;
    posting = true;
    queueMicrotask(flush);
  };
  const ended = new Promise<void>((resolve) => {
    thread.once("exit", () => resolve());
  });

  return {
    get size() {
      return holders.size;
    },
    hold(taskId, lease, until, onLost) {
      holders.set(taskId, { lease, onLost });
      held.push([taskId, lease, until]);
      schedule();
    },
    release(taskId) {
      holders.delete(taskId);
      released.push(taskId);
      schedule();
    },
    describe: (record) => post({ kind: "worker", record }),
    async close() {
      post({ kind: "close" });
      await ended;
    },
  };
}
