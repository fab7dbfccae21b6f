import type { Step } from "../pipeline/step.ts";
import type { Running } from "./step-context.ts";
import type { StepTime } from "./step-time.ts";

/** Runs steps in child processes, apart from their worker. */
export interface Isolation {
  /**
   * Runs one attempt of a step that declares `isolate`. Aborting `signal` kills the child and everything it started at
   * once. Rejects with what the step threw; with `too_much_memory` if it exceeded its memory limit; with a
   * `StepTimeout` that is final if it used the CPU for most of its time; with `unavailable` if no child can be started;
   * and with `ChildDied`.
   */
  run: RunStep;
  close(): Promise<void>;
}

/**
 * Runs suspects: tasks whose worker died, any of which may have killed it. They share child processes that have
 * everything their worker has (environment, network, no memory limit). When such a child dies, its tasks are split
 * between two children, and so on, until the culprit is alone in its own.
 */
export interface Suspects {
  /**
   * Calls `attempt` with a way to run its step, and again each time it rejects with `SharedChildDied`. A task that has
   * killed a process before (`deaths`) never shares one. The step may reject with `unavailable` and `ChildDied`.
   */
  run<T>(suspect: Suspect, attempt: (runStep: RunStep) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Suspect {
  deaths: number;
  /** Ends the wait for a process; `attempt` is called anyway. */
  signal: AbortSignal;
}

/** Runs a step in the worker or in a child process. Ends soon after `signal` is aborted. */
export type RunStep = (attempt: StepAttempt) => Promise<unknown>;

export interface StepAttempt {
  pipeline: { name: string; version: number };
  step: Step;
  context: Running["context"];
  signal: AbortSignal;
  /** Paused while the attempt waits for a process. */
  time: Pick<StepTime, "pause" | "resume">;
}

/** A child process that ran only this attempt exited unexpectedly. */
export class ChildDied extends Error {}

/** A child process that ran several attempts exited, and any of them may be the cause. */
export class SharedChildDied extends Error {}
