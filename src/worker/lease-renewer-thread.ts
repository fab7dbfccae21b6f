import { parentPort, workerData } from "node:worker_threads";
import { LEASE_MS, PIN_MS, RENEW_MS, REPIN_MS } from "../engine/leases.ts";
import type { Store } from "../ports/store/store.ts";
import type { Heartbeat } from "../ports/store/tasks.ts";
import type { RenewerData, RenewerMessage } from "./lease-renewer.ts";

/** Of a longer pause between two rounds, the rest is time in which this process was stopped. */
const LONGEST_ROUND_MS = 2 * RENEW_MS;

const { opener, config, repinMs = REPIN_MS } = workerData as RenewerData;
const { openStore } = (await import(opener)) as {
  openStore(config: unknown): Promise<Pick<Store, "renew" | "keepPinned" | "heartbeat" | "now" | "close">>;
};
const store = await openStore(config);
const leases = new Map<string, { taskId: string; mustEndAt: number }>();
const pinned = new Map<string, Set<string>>();
let worker: Heartbeat | null = null;
/** Milliseconds for which this process has run: a step gets its time although its process was stopped. */
let awakeMs = 0;
let roundAt = performance.now();

function round(): void {
  const now = performance.now();
  awakeMs += Math.min(now - roundAt, LONGEST_ROUND_MS);
  roundAt = now;
  for (const { mustEndAt } of leases.values()) {
    // The step blocks its process, or the process does not end: its tasks must not wait for it.
    if (mustEndAt < awakeMs) process.kill(process.pid, "SIGKILL");
  }
  // The records may be away for a while: the leases are renewed when they are back, or lost.
  if (worker) store.heartbeat({ ...worker, running: leases.size }).catch(() => {});
  renew().catch(() => {});
}

async function renew(): Promise<void> {
  if (leases.size === 0) return;
  const held = [...leases].map(([lease, { taskId }]) => ({ taskId, lease }));
  const { lost } = await store.renew({ leases: held, until: store.now() + LEASE_MS });
  if (lost.length > 0) parentPort!.postMessage(lost);
}

/** A step may take longer than what it wrote is pinned for. */
async function keepPinned(): Promise<void> {
  const keys = [...new Set([...pinned.values()].flatMap((some) => [...some]))];
  if (keys.length > 0) await store.keepPinned({ keys, until: store.now() + PIN_MS });
}

const timers = [setInterval(round, RENEW_MS), setInterval(() => void keepPinned().catch(() => {}), repinMs)];

parentPort!.on("message", async (message: RenewerMessage) => {
  if (message.kind === "leases") {
    const now = awakeMs + Math.min(performance.now() - roundAt, LONGEST_ROUND_MS);
    for (const [lease, taskId, limitMs] of message.held)
      leases.set(lease, { taskId, mustEndAt: limitMs === null ? Number.POSITIVE_INFINITY : now + limitMs });
    for (const lease of message.released) {
      leases.delete(lease);
      pinned.delete(lease);
    }
  } else if (message.kind === "pinned") {
    const keys = pinned.get(message.lease) ?? new Set();
    pinned.set(message.lease, keys.add(message.key));
  } else if (message.kind === "worker") {
    worker = message.record;
    await store.heartbeat(worker).catch(() => {});
  } else {
    for (const timer of timers) clearInterval(timer);
    await store.close().catch(() => {});
    parentPort!.close();
  }
});

parentPort!.postMessage("ready");
