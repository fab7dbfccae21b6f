import { type JobState, type TaskState, terminalEvents } from "./states.ts";

/** The records that the store keeps. Times are milliseconds since the epoch; `null` means "not yet". */

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
  /** It was an input, and its bytes went when the job succeeded. */
  deleted?: true;
  /** What follows the stem of the item's name, where its name was made from that; never shown to clients. */
  tail?: string;
}

/** How a step, an item or a job failed. */
export interface Failure {
  code: string;
  /** For clients. */
  message: string;
  /** For operators alone: an exception that the step did not foresee, which may say what clients must not know. */
  detail?: string;
}

/** What a step says of a result that is not all that was asked for. */
export interface Warning {
  /** Lower-case words joined by `_`. */
  code: string;
  message: string;
}

/** The step that started a job. */
export interface Parent {
  jobId: string;
  /** Index of its item, or `JOB_ITEM`. */
  item: number;
  step: string;
  /** Levels of jobs above this one; 1 where a client started the parent. */
  depth: number;
}

/** A job that a step started. */
export interface Child {
  key: string;
  jobId: string;
  pipeline: string;
}

/** One step of a pipeline as the job keeps it, so that a job runs as it was created. */
export interface PlanStep {
  name: string;
  /** `each` steps between a `split` and its `join` run for the parts. */
  kind: "each" | "split" | "join" | "all";
  /** The broker queue of this step: `pipeline/step`. */
  queue: string;
  attempts: number;
  timeoutMs: number;
  backoff: { baseMs: number; maxMs: number };
  /** For `all` and `join`: whether it runs when some items, or parts, succeeded, or only when every one did. */
  needs: "some" | "every";
  /** A replay finds the memos of earlier runs. */
  keepMemos: boolean;
  /** Its inputs count for the content key whatever their order. @default false */
  unordered?: boolean;
  /** Prefix of the content key (scope, pipeline, step, version, options); `null`: never cached. */
  cacheKey: string | null;
}

/** What clients say of a job beside its work. It goes from the request to the record, and back, as it is. */
export interface JobTraits {
  metadata: { [key: string]: string };
  /** 0 to 9; 4 is normal. */
  priority: number;
}

/** What a job is created with; it never changes. */
export interface JobSpec extends JobTraits {
  version: number;
  options: Json;
  plan: PlanStep[];
  /** Files that the options name, such as a watermark. */
  attachments: FileRef[];
  startAt: number | null;
  /** `null`: a client started it. */
  parent: Parent | null;
  /** Its inputs go when it has succeeded. @default false */
  deleteInputs?: boolean;
  /** How long its files are kept after it finished. */
  retentionMs: number;
  /** How long at least, when it finished with dead letters: replaying one needs its files. */
  deadLetterRetentionMs: number;
  /** W3C Trace Context of the request, for spans; absent where it had none. */
  traceparent?: string;
}

export interface JobRecord extends JobSpec {
  id: string;
  owner: string;
  pipeline: string;
  state: JobState;
  /** Starts at 1; a retry or replay begins the next run. */
  run: number;
  /** Items of the job (at least 1). */
  total: number;
  /** Items that have not ended in this run. Whoever brings it to 0 creates the next `all` step. */
  remaining: number;
  done: number;
  failed: number;
  cancelled: number;
  cached: number;
  /** Dead letters among the parts of its items. */
  failedParts: number;
  /** Steps ended, of `total * each steps + all steps`; an item that ends early counts all of its own. */
  stepsDone: number;
  result: Json;
  /** See `TaskRecord.resultFile`. */
  resultFile: FileRef | null;
  error: Failure | null;
  /** Of its `all` steps. */
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
  /** Left out in the first run. */
  run?: number;
  attempt: number;
  cached: boolean;
  ms: number;
  /** Left out of what came from the cache. */
  worker?: string;
  /** Left out when there are none. */
  warnings?: Warning[];
  /** Jobs that the step started. Left out when there are none. */
  children?: Child[];
  /** What the step made, and when it began: here once the task has moved on, in the task's own fields until then. */
  startedAt?: number | null;
  outputs?: FileRef[];
  result?: Json;
  resultFile?: FileRef;
}

/** What became of the parts of an item. */
export interface Split {
  /** Index of the step that split it. */
  step: number;
  total: number;
  done: number;
  failed: number;
  /** What its join read, once a later step reads something else. */
  before?: Pick<TaskRecord, "inputs" | "previous" | "previousFile">;
}

/** What a part is, from its split to its end. */
export interface PartSource {
  /** Parts of its item. */
  total: number;
  data: Json;
  /** The data as a file of JSON, when its text is long; `data` is `null` then. */
  dataFile: FileRef | null;
  files: FileRef[];
}

/** The task of one item or part at its present step, or (`item` = -1) of the job at an `all` step. */
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
  /** Grows whenever the task is handed out anew; a delivery of an older one is void. */
  generation: number;
  /** Attempts charged so far; counts the present one while leased. */
  attempt: number;
  /** Deaths of processes that ran the task and nothing else. */
  deaths: number;
  /** Its worker died: it runs apart from workers, in step processes, until its step has ended. */
  suspect: boolean;
  wakeAt: number | null;
  /** The fencing token of the present or last lease. */
  lease: string | null;
  worker: string | null;
  name: string;
  /** Where its file is fetched from; `null` for one that came with the job. */
  url: string | null;
  /** What the client uploaded, or what was fetched. */
  input: FileRef | null;
  /** What the client sent instead of a file; `null` as well when `dataFile` holds it. */
  data: Json;
  /** The data as a file of JSON, when its text is longer than `INLINE_BYTES`. */
  dataFile: FileRef | null;
  /** What the present step reads: the upload, or the outputs of the step before. */
  inputs: FileRef[];
  /** The result of the step before. */
  previous: Json;
  /** That result as a file, when it was kept as one. */
  previousFile: FileRef | null;
  outputs: FileRef[];
  result: Json;
  /** The result as a file of JSON, when its text is longer than `resultBytes`; `result` is `null` then. */
  resultFile: FileRef | null;
  error: Failure | null;
  cached: boolean;
  /** In order, a step at most once. */
  trail: TrailEntry[];
  /** Of an item that was split. */
  split: Split | null;
  /** Of a part. */
  part: PartSource | null;
  startedAt: number | null;
  finishedAt: number | null;
}

/** The most JSON that a record keeps of what a step returned; what is longer is a file. */
export const INLINE_BYTES = 64 * 1024;

/** Of all items of a job: whoever cancels, retries, removes or downloads one reads the records of all of them. */
const JOB_INLINE_BYTES = 32 * 1024 * 1024;

/** A file for less would cost more than it saves. */
const LEAST_PART_BYTES = 1024;

/** The most JSON of a value in the record of one item of a job, or of one part. */
export function inlineBytes(
  { total }: Pick<JobRecord, "total">,
  { part }: Partial<Pick<TaskRecord, "part">> = {},
): number {
  const share = Math.floor(JOB_INLINE_BYTES / total);
  if (part) return Math.min(INLINE_BYTES, Math.max(LEAST_PART_BYTES, Math.floor(share / part.total)));
  return Math.min(INLINE_BYTES, share);
}

/** The most JSON of what the present step of a task returns: a record keeps what all of its steps returned. */
export function resultBytes(
  job: Pick<JobRecord, "total" | "plan">,
  task: Pick<TaskRecord, "part" | "step">,
): number {
  const most = inlineBytes(job, task);
  const { kind } = job.plan[task.step]!;
  const next = job.plan[task.step + 1]?.kind;
  // The last step of a part, of an item or of the job: the next one has another record.
  const isLast =
    next === undefined || (next === "all" && kind !== "all") || (task.part !== null && next === "join");
  return isLast ? most : Math.floor(most / job.plan.length);
}

/** The item index of an `all` step's task. */
export const JOB_ITEM = -1;

export interface EventRecord {
  owner: string;
  /** Gapless for each owner, from 1. */
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

/** The entries of the log. `item.progress` and `text.delta` are live only and never recorded. */
export type EventType = (typeof eventTypes)[number];

export interface BlobRecord {
  /** Physical key: a re-upload of a collected content gets a new one. */
  key: string;
  sha256: string;
  bytes: number;
  /** Artifacts of jobs that use it. */
  refs: number;
  deleting: boolean;
  /** Uploads and steps that wrote it and have not handed it to a job yet. */
  pins: number;
  /** When pins that were forgotten no longer count. */
  pinnedUntil: number;
}

/** The job that a request with an `Idempotency-Key` created. */
export interface IdempotencyRecord {
  owner: string;
  key: string;
  /** Of the request: another one may not use the key. */
  fingerprint: string;
  jobId: string;
  expiresAt: number;
}

export interface CacheEntry {
  key: string;
  /** Of the item that it was computed for: names that were not made from it are for it alone. */
  name: string;
  /** The last job that wrote or used it: the entry goes when that job's files go. */
  jobId: string;
  outputs: Omit<FileRef, "artifactId">[];
  result: Json;
  warnings: Warning[];
  resultFile: Omit<FileRef, "artifactId"> | null;
}

/** What `ctx.once` recorded: JSON, or the blob that holds it when it is longer than `INLINE_BYTES`. */
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

/** An attempt at a task that came to nothing. Beside the task, as nobody but operators reads it. */
export interface AttemptRecord {
  jobId: string;
  item: number;
  /** Of the task while the attempt had it: unique among those of the task, and growing. */
  generation: number;
  step: string;
  run: number;
  /** Its number at the step. One that was not charged has the number of the next. */
  attempt: number;
  /** `lost`: its worker died or lost touch. `died`: the process that ran it and nothing else ended by itself. */
  outcome: "failed" | "lost" | "died";
  worker: string | null;
  startedAt: number | null;
  ms: number;
  /** `null` where the attempt ended without a word. */
  error: Failure | null;
}

/** What is kept of it beside its key. */
export type AttemptBody = Omit<AttemptRecord, "jobId" | "item" | "generation">;

/** A task as the broker delivers it: a hint, the claim decides. */
export interface TaskDelivery {
  taskId: string;
  queue: string;
  generation: number;
}
