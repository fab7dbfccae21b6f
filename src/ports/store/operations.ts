import type { AttemptRecord, TaskDelivery, TaskRecord } from "../../domain/records.ts";
import type { WorkerRecord } from "./tasks.ts";

/** What an operator reads and does. */
export interface OperationStore {
  queues(query: { now: number }): Promise<QueueRecord[]>;
  /** A paused queue hands out no task; those running go on. */
  setPaused(command: { queue: string; paused: boolean }): Promise<{ deliveries: TaskDelivery[] }>;
  deadLetters(query: DeadLetterQuery): Promise<(TaskRecord & { pipeline: string; stepName: string })[]>;
  /** Attempts at tasks of a job that came to nothing, of tasks from `first` to `last`, in order: the last ones of each. */
  attempts(query: { jobId: string; first: number; last: number }): Promise<AttemptRecord[]>;
  workers(): Promise<WorkerRecord[]>;
  /** Jobs by state, for the metrics. */
  counts(): Promise<{ jobs: Record<string, number>; tasks: Record<string, number> }>;
}

export interface QueueRecord {
  name: string;
  /** Handed out or waiting, not yet claimed. */
  ready: number;
  running: number;
  scheduled: number;
  dead: number;
  /** Tasks that ended, a second, over the last minute. */
  drainRate: number;
  /** Milliseconds that the oldest ready task has waited; `null` when none waits. */
  oldestMs: number | null;
  paused: boolean;
  workers: number;
}

export interface DeadLetterQuery {
  queue?: string;
  pipeline?: string;
  code?: string;
  jobId?: string;
  limit: number;
  /** The task id of the last row of the page before. */
  cursor?: string;
}
