import { parentPort, workerData } from "node:worker_threads";
import { LEASE_MS, RENEW_MS } from "../engine/leases.ts";
import type { TaskStore, WorkerRecord } from "../ports/store/tasks.ts";
import type { KeeperData, KeeperMessage } from "./keeper.ts";

const { opener, config } = workerData as KeeperData;
const { openStore } = (await import(opener)) as {
  openStore(config: unknown): Promise<Pick<TaskStore, "renew" | "heartbeat"> & { close(): Promise<void> }>;
};
const store = await openStore(config);
const leases = new Map<string, { lease: string; until: number }>();
let worker: WorkerRecord | null = null;

async function renew(): Promise<void> {
  const now = Date.now();
  for (const { until } of leases.values()) {
    // The step blocks its process, or the process does not end: its tasks must not wait for it.
    if (until < now) process.kill(process.pid, "SIGKILL");
  }
  if (worker) await store.heartbeat({ ...worker, running: leases.size, seenAt: now });
  if (leases.size === 0) return;
  const held = [...leases].map(([taskId, { lease }]) => ({ taskId, lease }));
  const { lost } = await store.renew({ leases: held, until: now + LEASE_MS });
  const gone = new Set(lost);
  if (gone.size === 0) return;
  parentPort!.postMessage(
    held.filter(({ taskId }) => gone.has(taskId)).map((one) => [one.taskId, one.lease]),
  );
}

const timer = setInterval(() => {
  // The records may be away for a while: the leases are renewed when they are back, or lost.
  renew().catch(() => {});
}, RENEW_MS);

parentPort!.on("message", async (message: KeeperMessage) => {
  if (message.kind === "leases") {
    for (const [taskId, lease, until] of message.held) leases.set(taskId, { lease, until });
    for (const taskId of message.released) leases.delete(taskId);
  } else if (message.kind === "worker") {
    worker = message.record;
    await store.heartbeat(worker).catch(() => {});
  } else {
    clearInterval(timer);
    await store.close().catch(() => {});
    parentPort!.close();
  }
});
