import type { Outcome } from "../domain/commands.ts";
import { partAt } from "../domain/parts.ts";
import type { StepLog } from "../pipeline/context.ts";
import { LONGEST_TIMER_MS } from "../pipeline/durations.ts";
import type { NewPart } from "../pipeline/parts.ts";
import type { Step } from "../pipeline/step.ts";
import type { ClaimResult } from "../ports/store/tasks.ts";
import { LeaseLost } from "./attempts.ts";
import type { Engine } from "./engine.ts";
import { type RunStep, SharedChildDied } from "./isolation.ts";
import type { HeldLease } from "./leases.ts";
import { memoryShare } from "./memory-share.ts";
import { loggedOf, outcomeOf } from "./outcome.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { type Running, stepContext } from "./step-context.ts";
import { stepTime } from "./step-time.ts";
import { causeOf, StepTimeout } from "./step-timeout.ts";
import type { Threads } from "./threads.ts";
import { GRACE_MS } from "./until-aborted.ts";

export interface AttemptParts {
  engine: Engine;
  threads: Threads;
  /** What the steps of this machine reserve of it. */
  memory: SharedMemory;
  log: StepLog;
}

export type Held = Extract<ClaimResult, { claimed: true }>;

export interface Attempt {
  claim: Held;
  lease: HeldLease;
  step: Step;
  /** Ends the attempt, with the reason. */
  stop: AbortController;
  /** How the step is called: here, or in a process of its own. */
  runStep: RunStep;
}

/** The worker is to end: what still runs is handed back, uncharged. */
export class Draining extends Error {}

/** One attempt; `null` when its lease is lost, so that there is nothing to settle. */
export async function runAttempt(
  { engine, threads, memory, log }: AttemptParts,
  { claim: { task, job }, lease, step, stop, runStep }: Attempt,
): Promise<Outcome | null> {
  const { signal } = stop;
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  // Jobs created before longer times were refused keep theirs.
  const timeoutMs = Math.min(job.plan[task.step]!.timeoutMs, LONGEST_TIMER_MS);
  const time = stepTime(timeoutMs, {
    runs: (leftMs) => lease.began(leftMs + GRACE_MS),
    rests: () => lease.ended(),
    isOver: () => stop.abort(new StepTimeout(step.name, timeoutMs)),
  });
  const share = memoryShare(memory, step, signal, time);
  const index = partAt(task.item) ?? { item: task.item };
  const taskLog = childLog(log, { job: job.id, ...index, step: step.name, attempt: task.attempt });
  let running: Running | null = null;
  let kept = false;
  try {
    signal.throwIfAborted();
    const parts = { ...engine, threads, memory: share, log: taskLog };
    running = await stepContext(parts, { task, job, signal, onPinned: lease.pinned });
    const pipeline = { name: job.pipeline, version: job.version };
    const returned = await runStep({ pipeline, step, context: running.context, signal, time });
    signal.throwIfAborted();
    const result = await keep(running, step, returned);
    kept = true;
    return { kind: "succeeded", ...result, ms: ms() };
  } catch (error) {
    const cause = causeOf(error, signal);
    if (cause instanceof LeaseLost) return null;
    if (cause instanceof SharedChildDied) throw cause;
    if (cause instanceof Draining) return { kind: "returned", delayMs: 0 };
    const outcome = outcomeOf(cause, ms());
    taskLog.warn(`${step.name} ${outcome.kind}`, loggedOf(outcome, cause));
    return outcome;
  } finally {
    time.stop();
    share.release();
    await running?.clean(kept).catch(() => {});
  }
}

/** All that a step made: what it returned, wrote, warned of and submitted. */
async function keep(running: Running, step: Step, returned: unknown) {
  const result = await (step.kind === "split"
    ? running.keepParts(returned as NewPart[])
    : running.keep(returned));
  const { outputs, warnings } = running;
  const children = running.children();
  return { ...result, outputs, warnings: warnings.list(), ...(children.length > 0 && { children }) };
}

function childLog(log: StepLog, context: object): StepLog {
  return {
    debug: (message, details) => log.debug(message, { ...context, ...details }),
    info: (message, details) => log.info(message, { ...context, ...details }),
    warn: (message, details) => log.warn(message, { ...context, ...details }),
    error: (message, details) => log.error(message, { ...context, ...details }),
  };
}
