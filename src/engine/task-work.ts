import type { Outcome } from "../domain/commands.ts";
import { FETCH_STEP } from "../domain/fetching.ts";
import type { Step } from "../pipeline/step.ts";
import type { Attempts } from "./attempts.ts";
import type { Batches } from "./batches.ts";
import type { Isolation, RunStep, Suspects } from "./isolation.ts";
import type { Leases } from "./leases.ts";
import { partsProgress } from "./parts-progress.ts";
import { type AttemptParts, type Held, runAttempt } from "./run-attempt.ts";
import { type SharedMemory, sharedMemory } from "./shared-memory.ts";
import type { StoreCalls } from "./store-calls.ts";
import type { Tracing } from "./tracing.ts";
import { untilAborted } from "./until-aborted.ts";

const MIB = 1024 * 1024;

export interface WorkParts extends AttemptParts {
  /** The id of this worker, new for each process. */
  worker: string;
  leases: Leases;
  isolation: Isolation;
  suspects: Suspects;
  tracing: Tracing;
  /** What the ceilings of the isolated steps that run here may be together. @default any amount */
  memoryMiB?: number;
  /** A step ignores its signal: the process should drain and end. */
  onStuck(): void;
  onSettled?(step: { queue: string; outcome: Outcome["kind"]; ms: number }): void;
}

/** Works on tasks that this worker has claimed: keeps the lease, runs one attempt and settles it. */
export function taskWork(parts: WorkParts, attempts: Attempts, batches: Batches, calls: StoreCalls) {
  const { engine, worker, leases, isolation, suspects, tracing } = parts;
  const ceilings = sharedMemory((parts.memoryMiB ?? Number.POSITIVE_INFINITY) * MIB);
  const tellParts = partsProgress(engine.bus);

  /** In this process. */
  const runHere: RunStep = ({ step, context, signal }) =>
    untilAborted(
      Promise.resolve().then(() => step.run(context as never)),
      signal,
      parts.onStuck,
    );

  /** Where the step runs: in a process of its own where it declares that or its worker died with it, else here. */
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
      parts.onSettled?.({ queue, outcome: outcome.kind, ms: performance.now() - began });
      return true;
    } finally {
      lease.release();
      attempts.end(taskId, token);
      leave?.();
    }
  };
}

/** Waits until one more ceiling fits; a higher one than all that may be used fits when there is no other. */
async function beneath(ceilings: SharedMemory, bytes: number, signal: AbortSignal): Promise<() => void> {
  try {
    return await ceilings.take(Math.min(bytes, ceilings.bytes), signal);
  } catch {
    // It is aborted, which the attempt says itself.
    return () => {};
  }
}
