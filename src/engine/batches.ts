import { MillraceError } from "../errors.ts";
import { type Batch, checked } from "../pipeline/batch.ts";
import { Snooze } from "../pipeline/control.ts";
import type { Step } from "../pipeline/step.ts";
import type { RunStep, StepAttempt } from "./isolation.ts";
import { isOutage } from "./outcome.ts";
import { untilAborted } from "./until-aborted.ts";

/**
 * Collects the attempts of batch steps in one worker into calls. Each attempt is settled on its own, like any other.
 */
export interface Batches {
  /** Resolves with this attempt's outcome of the call. Rejects as soon as the attempt is aborted. */
  run: RunStep;
  /**
   * Starts calls for all waiting attempts, and from now on for each new one at once, because the worker is shutting
   * down.
   */
  drain(): void;
}

interface Waiting {
  attempt: StepAttempt;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

interface Collected {
  waiting: Waiting[];
  timer: NodeJS.Timeout | undefined;
}

/**
 * @param most how many tasks of a step this worker runs at once, which bounds the size of a call
 * @param onStuck called when a call goes on although all of its tasks were aborted
 */
export function createBatches(most: (attempt: StepAttempt) => number, onStuck: () => void): Batches {
  const steps = new Map<Step, Collected>();
  let isDraining = false;

  const flush = (step: Step, collected: Collected): void => {
    clearTimeout(collected.timer);
    collected.timer = undefined;
    const { waiting } = collected;
    collected.waiting = [];
    for (const { attempt } of waiting) attempt.time.resume();
    if (waiting.length > 0) void call(step.batch!, waiting, onStuck);
  };

  return {
    run(attempt) {
      const { step, signal } = attempt;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const collected = steps.get(step) ?? { waiting: [], timer: undefined };
      steps.set(step, collected);
      const one: Waiting = { attempt, resolve, reject };
      const leave = () => {
        collected.waiting = collected.waiting.filter((other) => other !== one);
        reject(signal.reason);
      };
      if (signal.aborted) leave();
      else {
        signal.addEventListener("abort", leave, { once: true });
        // Its time runs only during the call.
        attempt.time.pause();
        collected.waiting.push(one);
        const { size, waitMs } = step.batch!;
        if (isDraining || collected.waiting.length >= Math.min(size, most(attempt))) flush(step, collected);
        else collected.timer ??= setTimeout(() => flush(step, collected), waitMs);
      }
      return promise.finally(() => signal.removeEventListener("abort", leave));
    },
    drain() {
      isDraining = true;
      for (const [step, collected] of steps) flush(step, collected);
    },
  };
}

/** One call for several attempts. If it throws, calls each half, until the failing ones are alone. */
async function call(batch: Batch, given: readonly Waiting[], onStuck: () => void): Promise<void> {
  const tasks = given.filter(({ attempt }) => !attempt.signal.aborted);
  if (tasks.length === 0) return;
  const { signal, release } = whenAllAborted(tasks.map(({ attempt }) => attempt.signal));
  try {
    const contexts = tasks.map(({ attempt }) => attempt.context as never);
    const { log } = tasks[0]!.attempt.context;
    const outcomes = checked(
      await untilAborted(
        Promise.resolve().then(() => batch.run(contexts, { signal, log })),
        signal,
        onStuck,
      ),
      tasks.length,
    );
    for (const [n, { resolve, reject }] of tasks.entries()) {
      const outcome = outcomes[n];
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    }
  } catch (error) {
    if (tasks.length === 1 || isNobodysFault(error)) {
      for (const { reject } of tasks) reject(error);
      return;
    }
    const half = Math.ceil(tasks.length / 2);
    await call(batch, tasks.slice(0, half), onStuck);
    await call(batch, tasks.slice(half), onStuck);
  } finally {
    release();
  }
}

/** Whether halving would be pointless: all of the attempts are returned uncharged. */
function isNobodysFault(error: unknown): boolean {
  return error instanceof Snooze || (error instanceof MillraceError && isOutage(error));
}

function whenAllAborted(signals: readonly AbortSignal[]): { signal: AbortSignal; release(): void } {
  const all = new AbortController();
  let left = signals.length;
  const one = (event: Event) => {
    if (--left === 0) all.abort((event.target as AbortSignal).reason);
  };
  for (const signal of signals) signal.addEventListener("abort", one, { once: true });
  return {
    signal: all.signal,
    release: () => {
      for (const signal of signals) signal.removeEventListener("abort", one);
    },
  };
}
