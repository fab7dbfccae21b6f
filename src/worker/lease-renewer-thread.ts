import { parentPort, workerData } from "node:worker_threads";
import { LEASE_MS, PIN_MS, RENEW_MS, REPIN_MS } from "../engine/leases.ts";
import type { Store } from "../ports/store/store.ts";
import { type Heartbeat, TOLD_TASKS } from "../ports/store/tasks.ts";
import type { RenewerData, RenewerMessage } from "./lease-renewer.ts";

/** If two rounds are further apart than this, the process was suspended for the rest of that time. */
const LONGEST_ROUND_MS = 2 * RENEW_MS;

const { opener, config, repinMs = REPIN_MS } = workerData as RenewerData;
const { openStore } = (await import(opener)) as {
  openStore(config: unknown): Promise<Pick<Store, "renew" | "keepPinned" | "heartbeat" | "now" | "close">>;
};
const store = await openStore(config);
const leases = new Map<string, { taskId: string; mustEndAt: number; since: number }>();
const pinned = new Map<string, Set<string>>();
let worker: Heartbeat | null = null;
/** How long this process has run, ms: time in which it was suspended does not count against a step. */
let awakeMs = 0;
let roundAt = performance.now();

function round(): void {
  const now = performance.now();
  awakeMs += Math.min(now - roundAt, LONGEST_ROUND_MS);
  roundAt = now;
  for (const { mustEndAt } of leases.values()) {
    // The step blocks its process, or the process does not exit: its tasks must not wait for it.
    if (mustEndAt < awakeMs) process.kill(process.pid, "SIGKILL");
  }
  // If the store is unavailable, the leases are renewed once it is back, or they are lost.
  if (worker) store.heartbeat(told(worker)).catch(() => {});
  renew().catch(() => {});
}

function told(record: Heartbeat): Heartbeat {
  const tasks = [...leases.values()].slice(0, TOLD_TASKS).map(({ taskId, since }) => ({ taskId, since }));
  return { ...record, running: leases.size, tasks, memoryBytes: process.memoryUsage.rss() };
}

async function renew(): Promise<void> {
  if (leases.size === 0) return;
  const held = [...leases].map(([lease, { taskId }]) => ({ taskId, lease }));
  const { lost } = await store.renew({ leases: held, until: store.now() + LEASE_MS });
  if (lost.length > 0) parentPort!.postMessage(lost);
}

/** A step may take longer than the pins of what it wrote last. */
async function keepPinned(): Promise<void> {
  const keys = [...new Set([...pinned.values()].flatMap((some) => [...some]))];
  if (keys.length > 0) await store.keepPinned({ keys, until: store.now() + PIN_MS });
}

const timers = [setInterval(round, RENEW_MS), setInterval(() => void keepPinned().catch(() => {}), repinMs)];

parentPort!.on("message", async (message: RenewerMessage) => {
  if (message.kind === "leases") {
    const now = awakeMs + Math.min(performance.now() - roundAt, LONGEST_ROUND_MS);
    for (const [lease, taskId, limitMs] of message.held) {
      const mustEndAt = limitMs === null ? Number.POSITIVE_INFINITY : now + limitMs;
      leases.set(lease, { taskId, mustEndAt, since: leases.get(lease)?.since ?? store.now() });
    }
    for (const lease of message.released) {
      leases.delete(lease);
      pinned.delete(lease);
    }
  } else if (message.kind === "pinned") {
    const keys = pinned.get(message.lease) ?? new Set();
    pinned.set(message.lease, keys.add(message.key));
  } else if (message.kind === "worker") {
    worker = message.record;
    await store.heartbeat(told(worker)).catch(() => {});
  } else {
    for (const timer of timers) clearInterval(timer);
    await store.close().catch(() => {});
    parentPort!.close();
  }
});

parentPort!.postMessage("ready");
