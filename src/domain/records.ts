import { type JobState, type TaskState, terminalEvents } from "./states.ts";

/** Records kept by the store. Times are milliseconds since the epoch; `null` means "not yet". */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A file that a job read or wrote. `blob` is the physical key in the blob store, never shown to clients. */
export interface FileRef {
  artifactId: string;
  name: string;
  mediaType: string;
  bytes: number;
  sha256: string;
  blob: string;
  meta?: { [key: string]: Json };
  /** It was an input, and its bytes were deleted when the job succeeded. */
  deleted?: true;
  /** What follows the stem if its name was derived from the item's name; never shown to clients. */
  tail?: string;
}

/** How a step, an item or a job failed. */
export interface Failure {
  code: string;
  /** Shown to clients. */
  message: string;
  /** For operators only: the text of an unexpected exception, which may reveal internals. */
  detail?: string;
}

/** A step's note on how its result falls short of the request. */
export interface Warning {
  /** Lowercase words joined by `_`. */
  code: string;
  message: string;
}

/** The step that started a job. */
export interface Parent {
  jobId: string;
  /** Index of its item, or `JOB_ITEM`. */
  item: number;
  step: string;
  /** Number of jobs above this one; 1 if a client started the parent. */
  depth: number;
}

/** A job that a step started. */
export interface Child {
  key: string;
  jobId: string;
  pipeline: string;
}

/** One step of a pipeline, copied into the job so that a job runs as it was created. */
export interface PlanStep {
  name: string;
  /** `each` steps between a `split` and its `join` run per part. */
  kind: "each" | "split" | "join" | "all";
  /** The broker queue of this step: `pipeline/step`. */
  queue: string;
  attempts: number;
  timeoutMs: number;
  backoff: { baseMs: number; maxMs: number };
  /** For `all` and `join`: run if some items or parts succeeded, or only if all did. */
  needs: "some" | "every";
  /** A replay reuses the memos of earlier runs. */
  keepMemos: boolean;
  /** The content key ignores the order of its inputs. @default false */
  unordered?: boolean;
  /** Prefix of the content key (scope, pipeline, step, version, options); `null`: never cached. */
  cacheKey: string | null;
  /** The same prefix for the items in reverse order. @default the order counts */
  reversedKey?: string;
}

/** What clients say about a job besides its work. Passed unchanged from the request to the record and back. */
export interface JobTraits {
  metadata: { [key: string]: string };
  /** 0 to 9; 4 is normal. */
  priority: number;
  /** Notified of its end, in addition to its owner. */
  notify: NotifyTarget[];
}

/** A webhook for one job, or an email address. */
export type NotifyTarget = { url: string } | { email: string };

/** Options of one item, instead of its job's. */
export interface ItemOptions {
  value: Json;
  /** Their form in the content key, if it differs: files by their hash. */
  content?: Json;
}

/** The fixed inputs of a job; they never change. */
export interface JobSpec extends JobTraits {
  version: number;
  options: Json;
  plan: PlanStep[];
  /** Files that the options name, such as a watermark. */
  attachments: FileRef[];
  startAt: number | null;
  /** `null`: started by a client. */
  parent: Parent | null;
  /** Delete its inputs once it succeeds. @default false */
  deleteInputs?: boolean;
  /** How long its files are kept after it finished. */
  retentionMs: number;
  /** Minimum retention if it finished with dead letters: replaying one needs its files. */
  deadLetterRetentionMs: number;
  /** W3C Trace Context of the request, for spans; absent if it had none. */
  traceparent?: string;
}

export interface JobRecord extends JobSpec {
  id: string;
  owner: string;
  pipeline: string;
  state: JobState;
  /** Starts at 1; each retry or replay begins the next run. */
  run: number;
  /** Items of the job (at least 1). */
  total: number;
  /** Items that have not ended in this run. Whoever brings it to 0 starts the next `all` step. */
  remaining: number;
  done: number;
  failed: number;
  cancelled: number;
  cached: number;
  /** Dead letters among the parts of its items. */
  failedParts: number;
  /** Steps ended, out of `total * each steps + all steps`; an item that ends early counts all of its own. */
  stepsDone: number;
  result: Json;
  /** See `TaskRecord.resultFile`. */
  resultFile: FileRef | null;
  error: Failure | null;
  /** Warnings of its `all` steps. */
  warnings: Warning[];
  /** Jobs that its `all` steps started. */
  children: Child[];
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  expiresAt: number | null;
}

/** A step at which a task succeeded. */
export interface TrailEntry {
  step: string;
  /** Omitted in the first run. */
  run?: number;
  attempt: number;
  cached: boolean;
  ms: number;
  /** Omitted for cache hits. */
  worker?: string;
  /** Omitted if there are none. */
  warnings?: Warning[];
  /** Jobs that the step started. Omitted if there are none. */
  children?: Child[];
  /**
   * What the step made, and when it began. Set once the task has moved on; until then the task's own fields have it.
   */
  startedAt?: number | null;
  outputs?: FileRef[];
  result?: Json;
  resultFile?: FileRef;
}

/** The state of an item's parts. */
export interface Split {
  /** Index of the step that split it. */
  step: number;
  total: number;
  done: number;
  failed: number;
  /** The join's inputs, saved once a later step reads something else. */
  before?: Pick<TaskRecord, "inputs" | "previous" | "previousFile">;
}

/** A part's own inputs, from its split to its end. */
export interface PartSource {
  /** Number of parts of its item. */
  total: number;
  data: Json;
  /** The data as a JSON file, if its text is long; `data` is `null` then. */
  dataFile: FileRef | null;
  files: FileRef[];
}

/** The task of one item or part at its current step, or (`item` = -1) of the job at an `all` step. */
export interface TaskRecord {
  jobId: string;
  /** Index of the item, `JOB_ITEM`, or the number of a part (see `partNumber`). */
  item: number;
  owner: string;
  priority: number;
  /** Index in the job's plan. */
  step: number;
  run: number;
  queue: string;
  state: TaskState;
  /** Grows each time the task is handed out; deliveries of older generations are void. */
  generation: number;
  /** Attempts charged so far, including the current one while leased. */
  attempt: number;
  /** Deaths of processes that ran only this task. */
  deaths: number;
  /** Its worker died, so the rest of its step runs in a step process of its own. */
  suspect: boolean;
  wakeAt: number | null;
  /** The fencing token of the current or last lease. */
  lease: string | null;
  worker: string | null;
  name: string;
  /** URL to fetch its file from; `null` if the file came with the job. */
  url: string | null;
  /** The item's own options, also for its parts; `null` if it has those of the job. */
  options: ItemOptions | null;
  /** The file that the client uploaded or that was fetched. */
  input: FileRef | null;
  /** The data sent instead of a file; also `null` if `dataFile` holds it. */
  data: Json;
  /** The data as a JSON file, if its text is longer than `INLINE_BYTES`. */
  dataFile: FileRef | null;
  /** The inputs of the current step: the upload, or the outputs of the previous step. */
  inputs: FileRef[];
  /** Result of the previous step. */
  previous: Json;
  /** That result as a file, if it was stored as one. */
  previousFile: FileRef | null;
  outputs: FileRef[];
  result: Json;
  /** The result as a JSON file, if its text is longer than `resultBytes`; `result` is `null` then. */
  resultFile: FileRef | null;
  error: Failure | null;
  cached: boolean;
  /** In order, each step at most once. */
  trail: TrailEntry[];
  /** Set for an item that was split. */
  split: Split | null;
  /** Set for a part. */
  part: PartSource | null;
  startedAt: number | null;
  finishedAt: number | null;
}

/** Most JSON bytes of a result that a record keeps; a longer one goes to a file. */
export const INLINE_BYTES = 64 * 1024;

/** Limit over all items of a job: canceling, retrying, removing or downloading a job reads all of their records. */
const JOB_INLINE_BYTES = 32 * 1024 * 1024;

/** Below this, a file would cost more than it saves. */
const LEAST_PART_BYTES = 1024;

/** Most JSON bytes of a value in the record of one item or part. */
export function inlineBytes(
  { total }: Pick<JobRecord, "total">,
  { part }: Partial<Pick<TaskRecord, "part">> = {},
): number {
  const share = Math.floor(JOB_INLINE_BYTES / total);
  if (part) return Math.min(INLINE_BYTES, Math.max(LEAST_PART_BYTES, Math.floor(share / part.total)));
  return Math.min(INLINE_BYTES, share);
}

/** Most JSON bytes of what the current step of a task returns: a record keeps the results of all its steps. */
export function resultBytes(
  job: Pick<JobRecord, "total" | "plan">,
  task: Pick<TaskRecord, "part" | "step">,
): number {
  const most = inlineBytes(job, task);
  const { kind } = job.plan[task.step]!;
  const next = job.plan[task.step + 1]?.kind;
  // The last step of a part, an item or the job: the next step has its own record.
  const isLast =
    next === undefined || (next === "all" && kind !== "all") || (task.part !== null && next === "join");
  return isLast ? most : Math.floor(most / job.plan.length);
}

/** The item index of an `all` step's task. */
export const JOB_ITEM = -1;

export interface EventRecord {
  owner: string;
  /** Gapless per owner, starting at 1. */
  seq: number;
  jobId: string;
  type: EventType;
  at: number;
  data: { [key: string]: Json };
}

export const eventTypes = [
  "job.created",
  "job.started",
  "item.started",
  "item.retrying",
  "item.succeeded",
  "item.failed",
  "item.cancelled",
  "job.reopened",
  ...terminalEvents,
] as const;

/** Types of log entries. `item.progress` and `text.delta` are live only and never recorded. */
export type EventType = (typeof eventTypes)[number];

export interface BlobRecord {
  /** Physical key: content that is uploaded again after collection gets a new one. */
  key: string;
  sha256: string;
  bytes: number;
  /** Artifacts of jobs that use it. */
  refs: number;
  deleting: boolean;
  /** Uploads and steps that wrote it and have not handed it to a job yet. */
  pins: number;
  /** When forgotten pins expire. */
  pinnedUntil: number;
}

/** The job created by a request with an `Idempotency-Key`. */
export interface IdempotencyRecord {
  owner: string;
  key: string;
  /** Fingerprint of the request: a different request may not reuse the key. */
  fingerprint: string;
  jobId: string;
  expiresAt: number;
}

export interface CacheEntry {
  key: string;
  /** Name of the item it was computed for. Output names not derived from it are only valid for that name. */
  name: string;
  /** The last job that wrote or used it: the entry is dropped with that job's files. */
  jobId: string;
  outputs: Omit<FileRef, "artifactId">[];
  result: Json;
  warnings: Warning[];
  resultFile: Omit<FileRef, "artifactId"> | null;
}

/** A value recorded by `ctx.once`: JSON, or the blob that holds it if it is longer than `INLINE_BYTES`. */
export interface Memo {
  value: Json;
  blob: string | null;
}

export interface MemoRecord extends Memo {
  jobId: string;
  item: number;
  step: string;
  key: string;
}

/** A failed attempt at a task. Stored apart from the task, because only operators read it. */
export interface AttemptRecord {
  jobId: string;
  item: number;
  /** The task's generation during the attempt: unique per task, and growing. */
  generation: number;
  step: string;
  run: number;
  /** Its number at the step. An attempt that was not charged has the number of the next one. */
  attempt: number;
  /** `lost`: its worker died or lost contact. `died`: the process that ran only this task exited unexpectedly. */
  outcome: "failed" | "lost" | "died";
  worker: string | null;
  startedAt: number | null;
  ms: number;
  /** `null` if the attempt ended without a report. */
  error: Failure | null;
}

/** The stored part besides its key. */
export type AttemptBody = Omit<AttemptRecord, "jobId" | "item" | "generation">;

/** A task as the broker delivers it: only a hint, because the claim decides. */
export interface TaskDelivery {
  taskId: string;
  queue: string;
  generation: number;
}
