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
 * The records of one transaction, as the rules of this folder see them. A store adapter loads what a
 * rule asks for, and saves what it changed: the rules are the same on every database.
 *
 * Whoever changes anything of a job holds the job: its tasks need no locks of their own.
 * A rule that refuses has changed nothing.
 */
export interface Ledger {
  job(id: string): JobRecord | null;
  task(jobId: string, item: number): TaskRecord | null;
  /** All tasks of a job but its parts, the `all` step's included, by item. */
  tasks(jobId: string): TaskRecord[];
  /** The tasks of the first items, of which the job has at least so many. */
  firstTasks(jobId: string, count: number): TaskRecord[];
  /** Parts of a job in one of these states, those of one item where it is named, in their order. */
  parts(jobId: string, query: PartQuery): TaskRecord[];
  cached(key: string): CacheEntry | null;
  blob(key: string): BlobRecord | null;
  workerAlive(worker: string): boolean;
  /** `null` when the key was not used, or has expired. Its job may be gone. */
  idempotencyKey(owner: string, key: string, now: number): IdempotencyRecord | null;
  /** A rule will ask for these one after the other: they are read at once. */
  expect(wanted: { cached: readonly string[] } | { blobs: readonly string[] }): void;

  addJob(job: JobRecord): void;
  addTask(task: TaskRecord): void;
  /** A record that was read or added has changed. */
  changedJob(job: JobRecord): void;
  changedTask(task: TaskRecord): void;
  /** The job uses this blob from now on. Its record must be live (see `isLive`). */
  refer(jobId: string, blob: string): void;
  /** The job uses this blob no longer. */
  unrefer(jobId: string, blob: string): void;
  /** One of the pins that keep this blob has done its work. */
  unpin(blob: string): void;
  /** The job uses no blob any more, and cache entries that it was the last to use are gone. */
  dropFiles(jobId: string): void;
  /** Forgets the job, its tasks, attempts and memos; its events keep their numbers but lose their contents. */
  dropJob(jobId: string): void;
  /** The memos of one task at one of its steps are gone. */
  dropMemos(jobId: string, item: number, step: string): void;
  putCached(entry: CacheEntry): void;
  /** Keeps a memo, unless there is one under its key. */
  putMemo(memo: MemoRecord): void;
  /** Keeps an attempt, and of the older ones of its task so many that there are `KEPT_ATTEMPTS`. */
  keepAttempt(attempt: AttemptRecord): void;
  keepIdempotencyKey(record: IdempotencyRecord): void;
  /** The room that a request reserved is free: its tasks are counted from now on. */
  releaseReservation(id: string): void;
  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void;

  /** Takes a slot in the broker's window of a queue; false when it has none, or the queue is paused. */
  takeRoom(queue: string): boolean;
  deliver(delivery: TaskDelivery): void;
  /** The attempt that holds the task's lease should stop. */
  revoke(lease: string): void;
  /** A task of the queue ended; feeds the drain rate. */
  drained(queue: string): void;
}

export interface PartQuery {
  states: readonly TaskState[];
  item?: number;
}

/**
 * A published task that nothing claimed after this time is published again: a broker may forget, and whoever
 * committed a task may die before it has told the broker. With a sweep each second it bounds what that costs.
 * A task that merely waits in the window is told again too, ever more rarely; its older delivery claims nothing.
 */
export const PATIENCE_MS = 10_000;

/** Deaths of processes that ran a task and nothing else which make it a dead letter. */
export const MAX_DEATHS = 3;

export function isEnded(job: JobRecord): boolean {
  return job.finishedAt !== null;
}

/** A blob may be referred to while something else does, or its pin holds. */
export function isLive(blob: BlobRecord | null, now: number): boolean {
  return blob !== null && !blob.deleting && (blob.refs > 0 || (blob.pins > 0 && blob.pinnedUntil > now));
}

/** What admission counts of a task. */
export type Counted = Pick<TaskRecord, "queue" | "state" | "attempt">;

/** Whether a task waits for its job's `startAt` (or was put off before it cost an attempt). */
export function isDelayed({ state, attempt }: Pick<TaskRecord, "state" | "attempt">): boolean {
  return state === "scheduled" && attempt === 0;
}
