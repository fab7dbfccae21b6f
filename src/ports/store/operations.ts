import type { JobSearch } from "../../domain/job-search.ts";
import type { DeadLetterFilter } from "../../domain/operations.ts";
import type { AttemptRecord, JobRecord, TaskDelivery, TaskRecord } from "../../domain/records.ts";
import type { WorkerRecord } from "./tasks.ts";

/** What operators read and do. */
export interface OperationStore {
  queues(query: { now: number }): Promise<QueueRecord[]>;
  /** A paused queue hands out no tasks; running tasks continue. */
  setPaused(command: { queue: string; paused: boolean }): Promise<{ deliveries: TaskDelivery[] }>;
  deadLetters(query: DeadLetterQuery): Promise<DeadLetter[]>;
  /** The positions of dead letters without their records; same filter and order as `deadLetters`. */
  deadPlaces(query: DeadLetterQuery): Promise<DeadPlace[]>;
  /** Dead letters grouped by queue and error, most frequent first: at most `limit` groups. */
  deadGroups(query: DeadGroupQuery): Promise<DeadGroup[]>;
  /**
   * Searches jobs of all owners, newest first. Stops after `limit` matches, after examining `look` jobs, or after
   * `SEARCH_MS`, so that one search never holds up other reads for long.
   */
  findJobs(query: FindJobs): Promise<FoundJobs>;
  /** Failed attempts at a job's tasks `first` to `last`, in order; only the latest ones of each task. */
  attempts(query: { jobId: string; first: number; last: number }): Promise<AttemptRecord[]>;
  workers(): Promise<WorkerRecord[]>;
  /** Jobs by state, for the metrics. */
  counts(): Promise<{ jobs: Record<string, number>; tasks: Record<string, number> }>;
}

export interface QueueRecord {
  name: string;
  /** Published or waiting, not yet claimed. */
  ready: number;
  running: number;
  scheduled: number;
  dead: number;
  /** Tasks that ended per second, over the last minute. */
  drainRate: number;
  /** How long the oldest ready task has waited, in ms; `null` when none waits. */
  oldestMs: number | null;
  paused: boolean;
  workers: number;
}

export type DeadLetter = TaskRecord & { pipeline: string; stepName: string };

export interface DeadPlace {
  jobId: string;
  item: number;
  code: string;
}

/** Dead letters of one queue whose errors read alike. */
export interface DeadGroup {
  queue: string;
  code: string;
  /** See `errorGroup`. */
  group: string;
  count: number;
  /** The oldest and the newest job with such a dead letter. */
  first: string;
  last: string;
}

/** Time that one call of `findJobs` may occupy a thread that others wait for, ms. */
export const SEARCH_MS = 10;

export interface FindJobs extends JobSearch {
  limit: number;
  /** Jobs to examine. */
  look: number;
  /** Starts with the next job older than this one. */
  cursor?: string | undefined;
}

export interface FoundJobs {
  jobs: JobRecord[];
  /** The last job examined, from which the search continues; `null` if there are no older ones. */
  next: string | null;
}

/** As in `DeadLetterQuery`. */
type DeadGroupQuery = Pick<DeadLetterQuery, "queue" | "code" | "text" | "limit">;

export interface DeadLetterQuery extends DeadLetterFilter {
  limit: number;
  /** The task id of the last row on the previous page. */
  cursor?: string | undefined;
}
