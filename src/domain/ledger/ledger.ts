import type {
  AttemptRecord,
  BlobRecord,
  CacheEntry,
  EventType,
  IdempotencyRecord,
  JobRecord,
  Json,
  MemoRecord,
  TaskDelivery,
  TaskRecord,
} from "../records.ts";
import type { TaskState } from "../states.ts";

/**
 * The records of one transaction, as the rules in this folder see them. A store adapter loads what a rule asks for and
 * saves what it changed, so the rules are the same on every database.
 *
 * To change anything in a job, a transaction holds the job: its tasks need no locks of their own. A rule that refuses
 * has changed nothing.
 */
export interface Ledger {
  job(id: string): JobRecord | null;
  task(jobId: string, item: number): TaskRecord | null;
  /** All tasks of a job except its parts, in item order; includes that of the `all` step. */
  tasks(jobId: string): TaskRecord[];
  /** The tasks of the first `count` items. The job has at least that many. */
  firstTasks(jobId: string, count: number): TaskRecord[];
  /** Parts of a job in one of these states, in order; only those of one item if it is named. */
  parts(jobId: string, query: PartQuery): TaskRecord[];
  cached(key: string): CacheEntry | null;
  blob(key: string): BlobRecord | null;
  workerAlive(worker: string): boolean;
  /** `null` if the key was not used or has expired. Its job may be gone. */
  idempotencyKey(owner: string, key: string, now: number): IdempotencyRecord | null;
  /** Hints that a rule will read these one by one, so that they can be loaded at once. */
  expect(wanted: { cached: readonly string[] } | { blobs: readonly string[] }): void;

  addJob(job: JobRecord): void;
  addTask(task: TaskRecord): void;
  /** Marks a record that was read or added as changed. */
  changedJob(job: JobRecord): void;
  changedTask(task: TaskRecord): void;
  /** The job now uses this blob, whose record must be live (see `isLive`). */
  refer(jobId: string, blob: string): void;
  /** The job no longer uses this blob. */
  unrefer(jobId: string, blob: string): void;
  /** Releases one pin of this blob. */
  unpin(blob: string): void;
  /** Drops all references of the job to blobs, and the cache entries that it was the last to use. */
  dropFiles(jobId: string): void;
  /** Deletes the job with its tasks, attempts and memos. Its events keep their numbers but lose their contents. */
  dropJob(jobId: string): void;
  /** Deletes the memos of one task at one of its steps. */
  dropMemos(jobId: string, item: number, step: string): void;
  putCached(entry: CacheEntry): void;
  /** Stores a memo unless its key already has one. */
  putMemo(memo: MemoRecord): void;
  /** Stores an attempt, and drops older ones of its task beyond `KEPT_ATTEMPTS`. */
  keepAttempt(attempt: AttemptRecord): void;
  keepIdempotencyKey(record: IdempotencyRecord): void;
  /** Frees the room that a request reserved: its tasks are counted from now on. */
  releaseReservation(id: string): void;
  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void;

  /** Takes a slot in the broker's window of a queue; false if there is none or the queue is paused. */
  takeRoom(queue: string): boolean;
  deliver(delivery: TaskDelivery): void;
  /** Tells the attempt that holds the task's lease to stop. */
  revoke(lease: string): void;
  /** Counts a task of the queue that ended, for the drain rate. */
  drained(queue: string): void;
}

export interface PartQuery {
  states: readonly TaskState[];
  item?: number;
}

/**
 * A published task that nobody claims within this time is published again: a broker may lose it, and a process may die
 * between committing a task and publishing it. Together with one sweep per second, this bounds the delay. A task that
 * merely waits in the window is also published again, at growing intervals; its older delivery claims nothing.
 */
export const PATIENCE_MS = 10_000;

/** After this many deaths of a process that ran only this task, it becomes a dead letter. */
export const MAX_DEATHS = 3;

export function isEnded(job: JobRecord): boolean {
  return job.finishedAt !== null;
}

/** Whether jobs may refer to a blob: something else refers to it, or a pin holds it. */
export function isLive(blob: BlobRecord | null, now: number): boolean {
  return blob !== null && !blob.deleting && (blob.refs > 0 || (blob.pins > 0 && blob.pinnedUntil > now));
}

/** The part of a task that admission counts. */
export type Counted = Pick<TaskRecord, "queue" | "state" | "attempt">;

/** Whether a task waits for its job's `startAt` (or was delayed before any attempt was charged). */
export function isDelayed({ state, attempt }: Pick<TaskRecord, "state" | "attempt">): boolean {
  return state === "scheduled" && attempt === 0;
}
