import { randomUUID } from "node:crypto";
import { availableParallelism, hostname } from "node:os";
import type { Engine } from "../engine/engine.ts";
import { topics } from "../engine/messages/topics.ts";
import { createRunner } from "../engine/runner.ts";
import { startScheduler } from "../engine/scheduler.ts";
import type { SharedMemory } from "../engine/shared-memory.ts";
import { removeAbandonedFolders } from "../engine/step-folders.ts";
import { threadPool } from "../engine/threads.ts";
import { loadTracing } from "../engine/tracing.ts";
import type { StepLog } from "../pipeline/context.ts";
import { isolationPool } from "./isolate/pool.ts";
import { describeSandbox } from "./isolate/sandbox.ts";
import type { StepSource } from "./isolate/spawn.ts";
import { suspectPool } from "./isolate/suspects.ts";
import { type RenewerData, startLeaseRenewer } from "./lease-renewer.ts";
import { stepMeter } from "./step-meter.ts";

const DRAIN_MS = 30_000;

export interface WorkerOptions {
  engine: Engine;
  log: StepLog;
  /** Lines of its log that were lost since the last call. @default none */
  takeLostLines?: () => number;
  /** @default a new id */
  id?: string;
  /** Overrides the concurrency of every step. */
  concurrency?: number;
  /** Of ceilings: what the processes of its isolated steps may have in memory together. @default any amount */
  memoryMiB?: number;
  /** What the steps of this machine share. */
  memory: SharedMemory;
  /** How the thread that renews leases reaches the records. */
  renewer: Pick<RenewerData, "opener" | "config">;
  /** How step processes come to the pipelines. */
  steps: StepSource;
  /** A step ignored its signal: the process should be ended when the rest has drained. */
  onStuck(): void;
}

export interface RunningWorker {
  readonly id: string;
  /** Resolves when nothing runs here any more. */
  drain(): Promise<void>;
}

/** One worker: consumers for every step of its pipelines, until it is drained. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { engine, log } = options;
  await removeAbandonedFolders();
  const id = options.id ?? workerId();
  const leases = await startLeaseRenewer(options.renewer);
  const threads = threadPool();
  const isolation = isolationPool({
    ...options.steps,
    warm: warmOf(engine, options),
    onSandbox(sandbox) {
      if (sandbox.noNetwork && sandbox.limitsMemory) return;
      log.warn("isolated steps are not fully confined here", { enforced: describeSandbox(sandbox) });
    },
  });
  const suspects = suspectPool(options.steps);
  const meter = stepMeter(engine, id, options.takeLostLines ?? (() => 0));
  const runner = createRunner({
    engine,
    worker: id,
    leases,
    threads,
    isolation,
    suspects,
    memory: options.memory,
    log,
    tracing: await loadTracing(),
    concurrency: options.concurrency,
    memoryMiB: options.memoryMiB,
    onStuck: options.onStuck,
    onSettled: meter.settled,
  });
  const record = {
    id,
    host: hostname(),
    pid: process.pid,
    queues: runner.queues,
    concurrency: Object.values(runner.queues).reduce((sum, n) => sum + n, 0),
    running: 0,
    startedAt: engine.store.now(),
  };
  const revoked = await engine.bus.subscribe(topics.revoked, (message) => {
    for (const lease of engine.messages.revoked(message) ?? []) runner.revoke(lease);
  });
  await engine.store.heartbeat(record);
  leases.describe(record);
  await runner.start();
  const scheduler = startScheduler(engine, log);

  return {
    id,
    async drain() {
      await scheduler.close();
      await runner.drain(DRAIN_MS);
      await revoked.close();
      meter.close();
      await leases.close();
      await engine.store.heartbeat({ ...record, stopped: true });
      await Promise.all([threads.close(), isolation.close(), suspects.close()]);
    },
  };
}

/** As many step processes of each ceiling as run at once, but no more than there are processors: they compute. */
function warmOf(
  { pipelines }: Engine,
  { concurrency, memoryMiB = Number.POSITIVE_INFINITY }: WorkerOptions,
): Map<number, number> {
  const warm = new Map<number, number>();
  for (const step of pipelines.versions().flatMap((pipeline) => pipeline.steps)) {
    if (!step.isolate) continue;
    const ceiling = step.isolate.memoryMiB;
    const fitting = Math.max(1, Math.floor(memoryMiB / ceiling));
    const atOnce = Math.min(concurrency ?? step.concurrency, fitting, availableParallelism());
    warm.set(ceiling, Math.max(warm.get(ceiling) ?? 0, atOnce));
  }
  return warm;
}

/** Ids tell an operator where the process runs. */
export function workerId(): string {
  return `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
}
