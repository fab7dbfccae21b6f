import type { Outcome } from "../domain/commands.ts";
import { FETCH_STEP } from "../domain/fetching.ts";
import type { Step } from "../pipeline/step.ts";
import type { Attempts } from "./attempts.ts";
import type { Batches } from "./batches.ts";
import type { Settled } from "./history/recorder.ts";
import type { Isolation, RunStep, Suspects } from "./isolation.ts";
import type { Leases } from "./leases.ts";
import { partsProgress } from "./parts-progress.ts";
import { type AttemptParts, type Held, runAttempt } from "./run-attempt.ts";
import { type SharedMemory, sharedMemory } from "./shared-memory.ts";
import type { StoreCalls } from "./store-calls.ts";
import { type Tracing, traceIdOf } from "./tracing.ts";
import { untilAborted } from "./until-aborted.ts";

const MIB = 1024 * 1024;

export interface WorkParts extends AttemptParts {
  /** The id of this worker, new for each process. */
  worker: string;
  leases: Leases;
  isolation: Isolation;
  suspects: Suspects;
  tracing: Tracing;
  /** Total of the memory limits of the isolated steps that run here. @default unlimited */
  memoryMiB?: number;
  /** A step ignores its signal: the process should drain and exit. */
  onStuck(): void;
  onSettled?(step: Settled & { trace?: string }): void;
}

/** Processes claimed tasks: keeps the lease, runs one attempt and settles it. */
export function taskWork(parts: WorkParts, attempts: Attempts, batches: Batches, calls: StoreCalls) {
  const { engine, worker, leases, isolation, suspects, tracing } = parts;
  const ceilings = sharedMemory((parts.memoryMiB ?? Number.POSITIVE_INFINITY) * MIB);
  const tellParts = partsProgress(engine.bus);

  /** Runs the step in this process. */
  const runHere: RunStep = ({ step, context, signal }) =>
    untilAborted(
      Promise.resolve().then(() => step.run(context as never)),
      signal,
      parts.onStuck,
    );

  /** Runs the step in its own process if it declares `isolate` or if its worker died with it, otherwise here. */
  const inProcess = (
    { task }: Held,
    step: Step,
    signal: AbortSignal,
    attempt: (runStep: RunStep) => Promise<Outcome | null>,
  ): Promise<Outcome | null> => {
    if (step.isolate) return attempt(isolation.run);
    if (task.suspect && step.name !== FETCH_STEP)
      return suspects.run({ deaths: task.deaths, signal }, attempt);
    return attempt(step.batch ? batches.run : runHere);
  };

  /** @returns whether the task was settled */
  return async (claim: Held, token: string, taskId: string, step: Step): Promise<boolean> => {
    const { task, job } = claim;
    const { queue } = job.plan[task.step]!;
    const stop = attempts.begin(taskId, token);
    const lease = leases.hold(taskId, token, () => attempts.lose(token));
    const leave = step.isolate ? await beneath(ceilings, step.isolate.memoryMiB * MIB, stop.signal) : null;
    const began = performance.now();
    try {
      const traced = {
        "millrace.item": task.item,
        "millrace.attempt": task.attempt,
        "millrace.worker": worker,
      };
      const outcome = await tracing.during(`step ${queue}`, job, traced, () =>
        inProcess(claim, step, stop.signal, (runStep) =>
          runAttempt(parts, { claim, lease, step, stop, runStep }),
        ),
      );
      if (!outcome) return false;
      const ended = { ...traced, "millrace.outcome": outcome.kind };
      const settled = await tracing.during(`commit ${queue}`, job, ended, () =>
        calls.settle(taskId, token, outcome),
      );
      if (settled.deliveries.length > 0) void engine.publishChanges(settled);
      if (settled.parts) tellParts(job, task, settled.parts);
      const trace = traceIdOf(job.traceparent);
      const code = outcome.kind === "failed" ? outcome.error.code : null;
      const ms = performance.now() - began;
      parts.onSettled?.({ queue, outcome: outcome.kind, ms, waitMs: waitOf(claim), code, trace });
      return true;
    } finally {
      lease.release();
      attempts.end(taskId, token);
      leave?.();
    }
  };
}

/** How long a task waited for its first step; `null` for later steps, and after a retry. */
function waitOf({ task, job }: Held): number | null {
  const isFirst = task.step === 0 && task.attempt <= 1 && task.run === 1 && task.part === null;
  if (!isFirst || task.startedAt === null) return null;
  return Math.max(0, task.startedAt - Math.max(job.createdAt, job.startAt ?? 0));
}

/** Waits until one more memory limit fits; one above the total is capped, and so runs alone. */
async function beneath(ceilings: SharedMemory, bytes: number, signal: AbortSignal): Promise<() => void> {
  try {
    return await ceilings.take(Math.min(bytes, ceilings.bytes), signal);
  } catch {
    // The attempt itself reports that it was aborted.
    return () => {};
  }
}
