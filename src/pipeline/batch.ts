import type { EachContext, StepLog } from "./context.ts";
import { duration, LONGEST_TIMER_MS } from "./durations.ts";

/** How the tasks of a step are collected. */
export interface BatchOptions {
  /** Maximum number of tasks in one call. */
  size: number;
  /** How long a task waits for others after its claim, in ms. @default 1_000 */
  waitMs?: number;
}

/** What a call gets besides its tasks. */
export interface BatchCall {
  /** Aborted once all of its tasks are. Each task also has its own signal. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
}

/**
 * Handles tasks of one step, from any jobs and owners. Returns one outcome per task, in order: a result, or an error
 * that uses up an attempt of that task only. If the call throws, its tasks are retried in halves, without using up
 * attempts, until the failing ones are isolated.
 */
export type RunBatch<Options, Previous, Data, R> = (
  tasks: readonly EachContext<Options, Previous, Data>[],
  call: BatchCall,
) => Promise<readonly (R | Error)[]> | readonly (R | Error)[];

/** The part of a batch step that the engine reads. */
export interface Batch extends Required<BatchOptions> {
  // The contexts' type was checked when the step was defined.
  readonly run: RunBatch<unknown, never, never, unknown>;
}

const MOST_TASKS = 10_000;

export function batchOf(step: string, { size, waitMs = 1_000 }: BatchOptions, run: Batch["run"]): Batch {
  if (!Number.isInteger(size) || size < 1 || size > MOST_TASKS) {
    throw new TypeError(`The size of ${step} must be a whole number from 1 to ${MOST_TASKS}, not ${size}.`);
  }
  return {
    size,
    waitMs: duration(waitMs, `The waitMs of ${step}`, { min: 0, max: LONGEST_TIMER_MS }),
    run,
  };
}

/** Calls a batch step with one task, as for suspects and in tests. */
export async function runAlone(
  { run }: Pick<Batch, "run">,
  context: EachContext<unknown, never, never>,
): Promise<unknown> {
  const [outcome] = checked(await run([context], { signal: context.signal, log: context.log }), 1);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

/** Checks that a call returned one outcome for each of its tasks. */
export function checked(outcomes: readonly unknown[], tasks: number): readonly unknown[] {
  if (Array.isArray(outcomes) && outcomes.length === tasks) return outcomes;
  const found = Array.isArray(outcomes) ? `${outcomes.length} outcomes` : "no list of outcomes";
  throw new TypeError(
    `A batch of ${tasks} tasks returned ${found}. It must return one outcome for each task.`,
  );
}
