import type { Step } from "../pipeline/pipeline.ts";
import type { Running } from "./step-context.ts";

/** Runs steps in child processes, apart from their worker. */
export interface Isolation {
  /**
   * Runs one attempt of a step that declares `isolate`. When `signal` is aborted, the child and everything it
   * started are killed at once. Rejects with what the step threw, with `too_much_memory` when it needed more than
   * its ceiling, with `unavailable` when no child can be started, and with `ChildDied`.
   */
  run(attempt: IsolatedAttempt): Promise<unknown>;
  close(): Promise<void>;
}

export interface IsolatedAttempt {
  pipeline: { name: string; version: number };
  step: Step;
  context: Running["context"];
  signal: AbortSignal;
}

/** A child process ended by itself while it ran one attempt and nothing else. */
export class ChildDied extends Error {}
