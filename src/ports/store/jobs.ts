import type { CreateJob, ReopenJob } from "../../domain/commands.ts";
import type {
  EventRecord,
  FileRef,
  JobRecord,
  Json,
  TaskDelivery,
  TaskRecord,
} from "../../domain/records.ts";
import type { JobState, TaskState } from "../../domain/states.ts";
import type { ErrorCode } from "../../errors.ts";

/**
 * Characters of JSON in a page of a list: it ends with the record that brings it there. So a page may be
 * shorter than its `limit`, and only an empty one is the end of a list.
 */
export const PAGE_CHARACTERS = 1024 * 1024;

/**
 * Jobs as a client sees them. Every write is one transaction, durable when its promise resolves.
 * Ids come from the caller, so a call whose answer was lost is repeated safely: it returns what the
 * first one recorded. A refusal (`ok: false`) changes nothing.
 */
export interface JobStore {
  /**
   * Creates a job, its tasks and `job.created`. Items whose content key is in the cache end at once.
   * The tasks that fit into the broker's window are `published` and returned as `deliveries`, for the
   * caller to publish, unless `publishes` is true.
   */
  createJob(command: CreateJob): Promise<Result<Created>>;
  /** One job of an owner, or with `null` of anybody; `null` when there is none or it is another's. */
  job(query: { owner: string | null; id: string }): Promise<JobRecord | null>;
  /** Newest first; `cursor` is the id of the last job of the page before. */
  jobs(query: JobQuery): Promise<JobRecord[]>;
  /** The items of a job by index, after `cursor`. The caller has checked the owner. */
  items(query: { jobId: string; after?: number; limit: number; states?: TaskState[] }): Promise<TaskRecord[]>;
  /** The parts of an item, after the part `after`. Pages as those of `items`. The caller has checked the owner. */
  parts(query: PartsQuery): Promise<TaskRecord[]>;
  /** The job's open tasks end, their leases are revoked, and no later step starts. */
  cancelJob(command: { owner: string; id: string; now: number }): Promise<Result<Changed>>;
  /** Retry and replay: the failed items (or those named) run again as a new run of the job. */
  reopenJob(command: ReopenJob): Promise<Result<Changed & { items: number }>>;
  /** Cancels what is open, then forgets the job and drops its references to files. */
  removeJob(command: { owner: string; id: string; now: number }): Promise<Result<Changed>>;
  /** A file of a job; `expired` when it existed and is past its retention. */
  artifact(query: { owner: string; id: string }): Promise<(FileRef & { jobId: string }) | "expired" | null>;

  /** The owner's log after `after`, in order and without gaps; only one job's when `jobId` is given. */
  events(query: { owner: string; after: number; limit: number; jobId?: string }): Promise<EventRecord[]>;
  /** The first and the last sequence number of an owner's log (both 0 when it is empty). */
  logBounds(query: { owner: string }): Promise<{ first: number; last: number }>;

  /**
   * Reserves room in a queue for `tasks` until `expiresAt`; used up by the `createJob` that names it.
   * Refused with `queue_full` when open tasks and reservations would exceed `limit`, or the owner's
   * reservations `ownerLimit`. Tasks that wait for their job's `startAt` are not open: they, and the
   * reservations for such, are counted for themselves, and refused with `quota_exceeded` when those of the
   * owner would exceed `ownerDelayedLimit`.
   */
  reserve(command: Reserve): Promise<Result<{ reserved: number }>>;
  release(command: { id: string }): Promise<void>;
  /** Whether an idempotency key was used by a job that still exists. */
  knownKey(query: { owner: string; key: string; now: number }): Promise<boolean>;
  /** How many of these content keys are in the cache; for a quote. */
  countCached(query: { keys: string[] }): Promise<number>;
}

export type Result<T> =
  | ({ ok: true } & T)
  | { ok: false; code: ErrorCode; message: string; retryAfter?: number; extra?: { [name: string]: Json } };

export interface Changed {
  deliveries: TaskDelivery[];
  /** Leases whose attempts should stop now. */
  revoked: string[];
}

export interface Created {
  job: JobRecord;
  /** The first items, behind the job's own task where its `all` steps have begun. */
  items: TaskRecord[];
  /** False when this repeats an earlier create (same id, or same idempotency key and fingerprint). */
  created: boolean;
  deliveries: TaskDelivery[];
}

export interface PartsQuery {
  jobId: string;
  /** Index of the item. */
  item: number;
  /** Index of a part. */
  after?: number;
  limit: number;
  states?: readonly TaskState[];
}

export interface JobQuery {
  owner: string;
  states?: JobState[];
  pipeline?: string;
  limit: number;
  cursor?: string;
}

export interface Reserve {
  id: string;
  owner: string;
  queue: string;
  tasks: number;
  limit: number;
  /** What the owner may have reserved in the queue at once. */
  ownerLimit: number;
  /** Tasks of the owner in the queue that start later, with those reserved for such. */
  ownerDelayedLimit: number;
  /** For a job that starts later. */
  delayed: boolean;
  now: number;
  expiresAt: number;
}
