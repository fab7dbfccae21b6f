import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Leases } from "../engine/leases.ts";
import type { Heartbeat } from "../ports/store/tasks.ts";

/** To the thread: leases held and released, and the worker's description. */
export type RenewerMessage =
  /** `limitMs`: how long the step that begins now may take; `null` if no step is running. */
  | { kind: "leases"; held: [lease: string, taskId: string, limitMs: number | null][]; released: string[] }
  | { kind: "pinned"; lease: string; key: string }
  | { kind: "worker"; record: Heartbeat }
  | { kind: "close" };

export interface RenewerData {
  /** Module whose `openStore(config)` opens the store, for the thread's own connection. */
  opener: string;
  config: unknown;
  /** @default REPIN_MS */
  repinMs?: number;
}

export interface LeaseRenewer extends Leases {
  describe(record: Heartbeat): void;
}

/**
 * Renews leases from a separate thread, so that a step that blocks the worker's event loop keeps its lease. If it
 * blocks past its time limit, the thread kills the process.
 */
export async function startLeaseRenewer(data: RenewerData): Promise<LeaseRenewer> {
  const thread = new Worker(new URL("./lease-renewer-thread.ts", import.meta.url), { workerData: data });
  // No step may block this process before the thread has begun.
  await once(thread, "message");
  const holders = new Map<string, () => void>();
  let held: [string, string, number | null][] = [];
  let released: string[] = [];

  thread.on("message", (lost: string[]) => {
    for (const lease of lost) holders.get(lease)?.();
  });
  const post = (message: RenewerMessage) => thread.postMessage(message);
  const flush = () => {
    if (held.length + released.length === 0) return;
    post({ kind: "leases", held, released });
    held = [];
    released = [];
  };
  const ended = new Promise<void>((resolve) => {
    thread.once("exit", () => resolve());
  });

  return {
    get size() {
      return holders.size;
    },
    hold(taskId, lease, onLost) {
      const say = (limitMs: number | null) => {
        if (holders.has(lease)) held.push([lease, taskId, limitMs]);
      };
      holders.set(lease, onLost);
      say(null);
      queueMicrotask(flush);
      return {
        began(ms) {
          say(ms);
          // Before the step may block.
          queueMicrotask(flush);
        },
        ended() {
          say(null);
          setImmediate(flush);
        },
        pinned(key) {
          if (holders.has(lease)) post({ kind: "pinned", lease, key });
        },
        release() {
          if (holders.delete(lease)) released.push(lease);
          setImmediate(flush);
        },
      };
    },
    describe: (record) => post({ kind: "worker", record }),
    async close() {
      post({ kind: "close" });
      await ended;
    },
  };
}
