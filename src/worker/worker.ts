import { randomUUID } from "node:crypto";
import { availableParallelism, hostname } from "node:os";
import type { Engine } from "../engine/engine.ts";
import { historyRecorder } from "../engine/history/recorder.ts";
import { liveTexts } from "../engine/live-texts.ts";
import { topics } from "../engine/messages/topics.ts";
import { reportOnBus } from "../engine/processes/reports.ts";
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
import { watchDrains } from "./watch-drains.ts";

const DRAIN_MS = 30_000;

export interface WorkerOptions {
  engine: Engine;
  log: StepLog;
  /** Lost log lines since the last call. @default none */
  takeLostLines?: () => number;
  /** @default a new id */
  id?: string;
  /** Millrace's version, for operators. @default unknown */
  version?: string;
  /** Overrides the concurrency of every step. */
  concurrency?: number;
  /** Total memory limit of its isolated steps' processes. @default unlimited */
  memoryMiB?: number;
  /** The memory shared by the steps of this machine. */
  memory: SharedMemory;
  /** How the thread that renews leases connects to the store. */
  renewer: Pick<RenewerData, "opener" | "config">;
  /** How step processes load the pipelines. */
  steps: StepSource;
  /** Fingerprint of its broker's URL, used when moving to another broker. @default not reported */
  broker?: string;
  /** How long running tasks may take once the worker shuts down. @default 30 s */
  drainMs?: number;
  /** A step ignored its signal: the process should exit when the rest has drained. */
  onStuck(): void;
  /** An operator asked this worker to drain: its process should shut down. @default nothing happens */
  onDrainAsked?(): void;
}

export interface RunningWorker {
  readonly id: string;
  /** Number of tasks running here. */
  readonly running: number;
  /**
   * Resolves when nothing runs here any more. May be called again: the earliest deadline applies.
   * @param ms time for running tasks before they are returned. @default 30 s
   * @returns how many tasks were returned before they had ended
   */
  drain(ms?: number): Promise<number>;
}

/** One worker: consumes the queues of every step of its pipelines, until it is drained. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { engine, log } = options;
  await removeAbandonedFolders();
  const id = options.id ?? workerId();
  const leases = await startLeaseRenewer(options.renewer);
  const threads = threadPool();
  const texts = await liveTexts(engine.bus, engine.messages);
  const isolation = isolationPool({
    ...options.steps,
    warm: warmOf(engine, options),
    onSandbox(sandbox) {
      if (sandbox.noNetwork && sandbox.limitsMemory) return;
      log.warn("isolated steps are not fully confined on this system", {
        enforced: describeSandbox(sandbox),
      });
    },
  });
  const suspects = suspectPool(options.steps);
  const meter = stepMeter(engine, id, options.takeLostLines ?? (() => 0));
  const history = historyRecorder(engine);
  const runner = createRunner({
    engine,
    worker: id,
    leases,
    threads,
    texts,
    isolation,
    suspects,
    memory: options.memory,
    log,
    tracing: await loadTracing(),
    concurrency: options.concurrency,
    memoryMiB: options.memoryMiB,
    onStuck: options.onStuck,
    onSettled(settled) {
      meter.settled(settled);
      history.settled(settled);
    },
  });
  const record = {
    id,
    host: hostname(),
    pid: process.pid,
    queues: runner.queues,
    concurrency: Object.values(runner.queues).reduce((sum, n) => sum + n, 0),
    running: 0,
    startedAt: engine.store.now(),
    ...(options.version !== undefined && { version: options.version }),
  };
  const revoked = await engine.bus.subscribe(topics.revoked, (message) => {
    for (const lease of engine.messages.revoked(message) ?? []) runner.revoke(lease);
  });
  await engine.store.heartbeat(record);
  leases.describe(record);
  await runner.start();
  const scheduler = startScheduler(engine, log);
  const reports = reportOnBus(engine, "worker", () =>
    options.broker === undefined ? {} : { broker: options.broker },
  );
  const drainWatch = await watchDrains(engine, id, () => {
    log.info("an operator asked this worker to drain", { worker: id });
    options.onDrainAsked?.();
  });

  let ending: Promise<number> | null = null;
  async function end(drained: Promise<number>): Promise<number> {
    leases.describe({ ...record, draining: true });
    await drainWatch.close();
    await scheduler.close();
    const interrupted = await drained;
    await revoked.close();
    await texts.close();
    await Promise.all([meter.close(interrupted), history.close(), reports.close()]);
    await leases.close();
    await engine.store.heartbeat({ ...record, stopped: true });
    await Promise.all([threads.close(), isolation.close(), suspects.close()]);
    return interrupted;
  }

  return {
    id,
    get running() {
      return runner.running;
    },
    drain(ms = options.drainMs ?? DRAIN_MS) {
      const drained = runner.drain(ms);
      ending ??= end(drained);
      return ending;
    },
  };
}

/**
 * As many step processes per memory limit as run at once, but no more than there are CPUs, because they are CPU-bound.
 */
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

/** The id shows operators where the process runs. */
export function workerId(): string {
  return `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
}
