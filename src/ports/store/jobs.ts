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
 * Characters of JSON after which a page of a list ends. A page may therefore be shorter than its `limit`; only an empty
 * page marks the end of a list.
 */
export const PAGE_CHARACTERS = 1024 * 1024;

/**
 * Jobs as clients see them. Every write is one transaction, durable when its promise resolves. The caller supplies ids,
 * so a call whose answer was lost is safe to repeat: it returns what the first call recorded. A refusal (`ok: false`)
 * changes nothing.
 */
export interface JobStore {
  /**
   * Creates a job, its tasks and `job.created`. Items whose content key is cached end at once. Tasks that fit into the
   * broker's window become `published` and are returned as `deliveries`, which the caller publishes unless `publishes`
   * is true.
   */
  createJob(command: CreateJob): Promise<Result<Created>>;
  /**
   * One job of an owner, or of anyone if `owner` is `null`; `null` if it does not exist or belongs to another owner.
   */
  job(query: { owner: string | null; id: string }): Promise<JobRecord | null>;
  /** Newest first; `cursor` is the id of the last job on the previous page. */
  jobs(query: JobQuery): Promise<JobRecord[]>;
  /** The items of a job by index, after `after`. The caller has checked the owner. */
  items(query: { jobId: string; after?: number; limit: number; states?: TaskState[] }): Promise<TaskRecord[]>;
  /** The parts of an item, after the part `after`. Pages work as in `items`. The caller has checked the owner. */
  parts(query: PartsQuery): Promise<TaskRecord[]>;
  /** Ends the job's open tasks and revokes their leases; no later step starts. */
  cancelJob(command: { owner: string; id: string; now: number }): Promise<Result<Changed>>;
  /** Retry and replay: runs the failed items (or those named) again, as a new run of the job. */
  reopenJob(command: ReopenJob): Promise<Result<Changed & { items: number }>>;
  /** Cancels what is open, then forgets the job and drops its references to files. */
  removeJob(command: { owner: string; id: string; now: number }): Promise<Result<Changed>>;
  /** A file of a job; `expired` if it existed and is past its retention. */
  artifact(query: { owner: string; id: string }): Promise<(FileRef & { jobId: string }) | "expired" | null>;

  /** The owner's log after `after`, in order and without gaps; only one job's events if `jobId` is given. */
  events(query: { owner: string; after: number; limit: number; jobId?: string }): Promise<EventRecord[]>;
  /** The first and last sequence number of an owner's log (both 0 when it is empty). */
  logBounds(query: { owner: string }): Promise<{ first: number; last: number }>;
  /**
   * The last number of each log: those of the given owners that have one, or the first `limit` owners by name after
   * `after`.
   */
  logEnds(query: LogEndsQuery): Promise<LogEnd[]>;
  /** Jobs whose files expire after the position `after` and no later than `until`, ordered by expiry and id. */
  expiring(query: { after: { at: number; id: string }; until: number; limit: number }): Promise<JobRecord[]>;

  /**
   * Reserves room in a queue for `tasks` until `expiresAt`; the `createJob` that names the reservation uses it up.
   * Refused with `queue_full` if open tasks and reservations would exceed `limit`, or the owner's reservations
   * `ownerLimit`. Tasks that wait for their job's `startAt` are not open. They and reservations for them count
   * separately, and are refused with `quota_exceeded` past the owner's `ownerDelayedLimit`.
   */
  reserve(command: Reserve): Promise<Result<{ reserved: number }>>;
  release(command: { id: string }): Promise<void>;
  /** Whether a job that still exists used this idempotency key. */
  knownKey(query: { owner: string; key: string; now: number }): Promise<boolean>;
  /** How many of these content keys are cached, for quotes. */
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
  /** The first items, after the job's own task if its `all` steps have begun. */
  items: TaskRecord[];
  /** False if this repeats an earlier create (same id, or same idempotency key and fingerprint). */
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

export type LogEndsQuery = { owners: string[] } | { after: string; limit: number };

export interface LogEnd {
  owner: string;
  last: number;
}

export interface Reserve {
  id: string;
  owner: string;
  queue: string;
  tasks: number;
  limit: number;
  /** Most tasks that the owner may have reserved in the queue at once. */
  ownerLimit: number;
  /** Most delayed tasks of the owner in the queue, including reservations for such tasks. */
  ownerDelayedLimit: number;
  /** The reservation is for a job that starts later. */
  delayed: boolean;
  now: number;
  expiresAt: number;
}
