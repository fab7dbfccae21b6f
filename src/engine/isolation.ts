import type { Step } from "../pipeline/step.ts";
import type { Running } from "./step-context.ts";
import type { StepTime } from "./step-time.ts";

/** Runs steps in child processes, apart from their worker. */
export interface Isolation {
  /**
   * Runs one attempt of a step that declares `isolate`. When `signal` is aborted, the child and everything it
   * started are killed at once. Rejects with what the step threw, with `too_much_memory` when it needed more than
   * its ceiling, with a `StepTimeout` that is final when it computed for most of its time, with `unavailable` when
   * no child can be started, and with `ChildDied`.
   */
  run: RunStep;
  close(): Promise<void>;
}

/**
 * Runs suspects: tasks whose worker died, any of which may have ended it. They run in child processes that they
 * share, with all that their worker has (environment, network, no ceiling). When such a child dies, those that it
 * ran are divided into two children, and so on, until the culprit is alone in its own.
 */
export interface Suspects {
  /**
   * Calls `attempt` with the way to run its step, and again each time it rejects with `SharedChildDied`. A task that
   * has ended a process before (`deaths`) shares none. The step may reject with `unavailable` and `ChildDied`.
   */
  run<T>(suspect: Suspect, attempt: (runStep: RunStep) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Suspect {
  deaths: number;
  /** Ends the wait for a process; `attempt` is called all the same. */
  signal: AbortSignal;
}

/** One way to run a step: in the worker, or in a child of it. Ends soon after `signal` is aborted. */
export type RunStep = (attempt: StepAttempt) => Promise<unknown>;

export interface StepAttempt {
  pipeline: { name: string; version: number };
  step: Step;
  context: Running["context"];
  signal: AbortSignal;
  /** Stands still while the attempt waits for a process. */
  time: Pick<StepTime, "pause" | "resume">;
}

/** A child process ended by itself while it ran one attempt and nothing else. */
export class ChildDied extends Error {}

/** A child process that ran several attempts has ended, and nobody knows which of them was the cause. */
export class SharedChildDied extends Error {}
