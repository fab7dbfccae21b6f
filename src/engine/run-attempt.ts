import type { Outcome } from "../domain/commands.ts";
import { taskId } from "../domain/ids.ts";
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
import type { LiveTexts } from "./live-texts.ts";
import { memoryShare } from "./memory-share.ts";
import { loggedOf, outcomeOf } from "./outcome.ts";
import type { SharedMemory } from "./shared-memory.ts";
import { type Running, stepContext } from "./step-context.ts";
import { stepTime } from "./step-time.ts";
import { causeOf, StepTimeout } from "./step-timeout.ts";
import type { Threads } from "./threads.ts";
import { traceIdOf } from "./tracing.ts";
import { GRACE_MS } from "./until-aborted.ts";

export interface AttemptParts {
  engine: Engine;
  threads: Threads;
  /** The text streams of this process. */
  texts: LiveTexts;
  /** Memory shared by the steps of this machine. */
  memory: SharedMemory;
  log: StepLog;
}

export type Held = Extract<ClaimResult, { claimed: true }>;

export interface Attempt {
  claim: Held;
  lease: HeldLease;
  step: Step;
  /** Aborts the attempt, with the reason. */
  stop: AbortController;
  /** Runs the step: here, or in its own process. */
  runStep: RunStep;
}

/** The worker is shutting down: what still runs is returned uncharged. */
export class Draining extends Error {}

/** Runs one attempt; `null` if its lease is lost, so that there is nothing to settle. */
export async function runAttempt(
  { engine, threads, texts, memory, log }: AttemptParts,
  { claim: { task, job }, lease, step, stop, runStep }: Attempt,
): Promise<Outcome | null> {
  const { signal } = stop;
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  // Jobs created before the limit existed keep their longer timeouts.
  const timeoutMs = Math.min(job.plan[task.step]!.timeoutMs, LONGEST_TIMER_MS);
  const time = stepTime(timeoutMs, {
    runs: (leftMs) => lease.began(leftMs + GRACE_MS),
    rests: () => lease.ended(),
    isOver: () => stop.abort(new StepTimeout(step.name, timeoutMs)),
  });
  const share = memoryShare(memory, step, signal, time);
  const index = partAt(task.item) ?? { item: task.item };
  const trace = traceIdOf(job.traceparent);
  const taskLog = childLog(log, {
    ...{ job: job.id, task: taskId(job.id, task.item), owner: job.owner },
    ...(trace !== undefined && { trace }),
    ...{ ...index, step: step.name, attempt: task.attempt },
  });
  let running: Running | null = null;
  let kept = false;
  try {
    signal.throwIfAborted();
    const parts = { ...engine, threads, texts, memory: share, log: taskLog };
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

/** Everything a step made: what it returned, wrote, warned of and submitted. */
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
