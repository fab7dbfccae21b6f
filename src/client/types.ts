import type { itemView, jobView, partView } from "../domain/job-views.ts";
import type { Json, NotifyTarget } from "../domain/records.ts";
import type { StepView } from "../domain/step-views.ts";
import type { FileView } from "../domain/views.ts";

/** Calls to one model, and their cost. */
export interface ModelUsage {
  /** The model's name in the settings. */
  model: string;
  calls: number;
  /** Includes cached tokens. */
  inputTokens: number;
  cachedInputTokens: number;
  /** Includes reasoning tokens. */
  outputTokens: number;
  reasoningTokens: number;
  /** Cost in US dollars. 0 for a model without configured prices. */
  usd: number;
  /** Calls whose usage the provider did not report. Their tokens are estimated. */
  estimatedCalls: number;
}

/** Usage of one day, in UTC. */
export type DailyModelUsage = ModelUsage & { day: string };

/** JSON of the HTTP API. Job types come from the server's own views, so that a drift fails the build. */

export type { FileView as JobFile, Json, StepView as JobStep };

export type AnyJob = ReturnType<typeof jobView>;
export type AnyItem = ReturnType<typeof itemView>;
/** A part of a split item. */
export type Part = ReturnType<typeof partView>;

/** Downloads of a job's archive. */
export interface ArchiveProgress {
  /** Number of downloads in progress. 0 after the last one has ended or was aborted. */
  downloads: number;
  /** Of all of them together. */
  sentBytes: number;
  totalBytes: number;
  /** Present if a download has just been completed. */
  downloadedAt?: string;
}

/** A pipeline as its type describes it. Every pipeline made with `definePipeline` matches. */
export interface TypedPipeline {
  readonly name: string;
  readonly "~types"?: PipelineTypes;
}

export interface PipelineTypes {
  /** Options as clients send them. */
  options: unknown;
  /** What the last `each` step returns. */
  item: unknown;
  /** What the last `all` step returns. `null` if there is none. */
  result: unknown;
  /** Data of a data item, as clients send it. `never` if the pipeline takes none. */
  data: unknown;
}

type TypesOf<P> = P extends { readonly "~types"?: infer T extends PipelineTypes } ? T : UntypedPipeline;

interface UntypedPipeline extends PipelineTypes {
  // biome-ignore lint/suspicious/noExplicitAny: a pipeline given only by name has no known types.
  options: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  item: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  result: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  data: any;
}

/** A job, typed with what its pipeline's steps return. */
export type Job<P = unknown> = Omit<AnyJob, "items" | "result"> & {
  items: JobItem<P>[];
  /** What the last `all` step returned. `null` before that, or if the result is stored in `resultFile`. */
  result: TypesOf<P>["result"] | null;
};

export type JobItem<P = unknown> = Omit<AnyItem, "result"> & {
  /** What its last step returned. `null` before that, or if the result is stored in `resultFile`. */
  result: TypesOf<P>["item"] | null;
};

/** A module that exports pipelines: `typeof import("./pipelines.ts")`. */
export type PipelineModule = object;

/** The name of a module's pipeline, or any other name. */
export type PipelineName<Module> = NamesOf<Module> | (string & {});

type NamesOf<Module> = {
  [Key in keyof Module]: Module[Key] extends TypedPipeline ? Module[Key]["name"] : never;
}[keyof Module];

/** Resolves a name to its pipeline. A pipeline resolves to itself. */
export type PipelineOf<Module, Given> = Given extends TypedPipeline
  ? Given
  : Named<Module, Given> extends never
    ? unknown
    : Named<Module, Given>;

type Named<Module, Name> = {
  [Key in keyof Module]: Module[Key] extends TypedPipeline
    ? Name extends Module[Key]["name"]
      ? Module[Key]
      : never
    : never;
}[keyof Module];

/** A file of a job: its bytes, a finished upload, a file of an earlier job, or a URL that a worker fetches. */
export type JobInput<Options = unknown> =
  | Blob
  | ((NamedFile | { uploadId: string } | { artifactId: string } | { url: string }) & {
      /** Options of this file only: a merge patch of the job's options, so `null` removes one. */
      options?: Options;
    });

export interface NamedFile {
  name: string;
  data: Blob | string | ArrayBuffer | Uint8Array<ArrayBuffer>;
}

/** Options as clients send them: a file option also accepts a `Blob`. */
export type OptionsInput<T> = T extends { artifactId: string }
  ? T | Blob | { uploadId: string }
  : T extends readonly unknown[]
    ? { [Key in keyof T]: OptionsInput<T[Key]> }
    : T extends object
      ? { [Key in keyof T]: OptionsInput<T[Key]> }
      : T;

/** Some options, in place of a job's. `null` removes one. */
export type OptionsPatch<P = unknown> = MergePatch<TypesOf<P>["options"]>;

type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: MergePatch<T[Key]> | null }
    : T;

type OptionsOf<P> = OptionsInput<TypesOf<P>["options"]>;

/** A job to create. `options` is optional if the pipeline requires none. */
export type NewJob<P = unknown> = JobParts<P> &
  (Record<string, never> extends OptionsOf<P> ? { options?: OptionsOf<P> } : { options: OptionsOf<P> });

/** A data item, as the pipeline's `accepts.data` defines it. */
export interface DataItem<P = unknown> {
  name?: string;
  data: TypesOf<P>["data"];
}

interface JobParts<P> {
  files?: readonly JobInput<OptionsPatch<P>>[];
  /** Data items instead of files. */
  items?: readonly DataItem<P>[];
  /** 0 to 9, higher first. @default 4 */
  priority?: number;
  /** Earliest start time. */
  startAt?: Date | string;
  /** Up to 16 strings that are returned with the job and in webhooks. */
  metadata?: Record<string, string>;
  /** Up to 5 recipients of the job's outcome: URLs, and the owner's confirmed email address. */
  notify?: NotifyTarget[];
  /** `skip` turns a file that the pipeline does not accept into a failed item. @default "reject" */
  onInvalidFile?: "reject" | "skip";
}

/** A cron expression with a time zone (default UTC), or an interval in seconds. */
export type Timing =
  | { cron: string; timeZone?: string; everySeconds?: undefined }
  | { everySeconds: number; cron?: undefined; timeZone?: undefined };

/** The job that a schedule starts, and its rules. */
export interface ScheduledJob<P = unknown> {
  /** Shown in lists. */
  name?: string;
  options?: TypesOf<P>["options"];
  items?: readonly DataItem<P>[];
  /** After an outage with missed due times: start one job for the latest, or none. @default "once" */
  missed?: "once" | "skip";
  /** If the previous job is still running at a due time: start no job, or start another one. @default "skip" */
  overlap?: "skip" | "queue";
}

export type NewSchedule<P = unknown> = ScheduledJob<P> & Timing;

export interface Schedule {
  id: string;
  owner: string;
  name: string;
  pipeline: string;
  options: Record<string, unknown>;
  /** Empty in lists. */
  items: { name?: string; data: Json }[];
  cron: string | null;
  timeZone: string | null;
  everySeconds: number | null;
  missed: "once" | "skip";
  overlap: "skip" | "queue";
  /** Defined in its pipeline's code, and changed there. */
  definedInCode: boolean;
  paused: boolean;
  /** The next five due times. Empty while paused. */
  next: string[];
  /** The most recent due time and its outcome. */
  last: {
    dueAt: string;
    outcome: "started" | "overlapped" | "missed" | "failed";
    error: { code: string; message: string } | null;
  } | null;
  lastJobId: string | null;
  createdAt: string;
}

export interface Page<T> {
  items: T[];
  /** `null` on the last page. */
  nextCursor: string | null;
}

export interface PipelineView {
  name: string;
  version: number;
  title: string;
  description: string;
  accepts: {
    mediaTypes: readonly string[];
    minFiles: number;
    maxFiles: number;
    maxFileBytes: number;
    /** Maximum number of data items. 0 if the pipeline takes no data. */
    maxItems: number;
    /** JSON Schema of one item's data. */
    data: Record<string, unknown> | null;
  };
  /** JSON Schema. */
  options: Record<string, unknown>;
  steps: { name: string; kind: "each" | "split" | "join" | "all"; attempts: number; timeoutMs: number }[];
}

export interface Quote {
  position: number;
  waitSeconds: number | null;
  cached: boolean;
  cachedItems: number;
  items: number;
  costUnits: number;
}

export interface Queue {
  name: string;
  ready: number;
  running: number;
  scheduled: number;
  dead: number;
  drainRate: number;
  oldestSeconds: number | null;
  paused: boolean;
  workers: number;
  /** Tasks of this queue that all workers together can run at once. */
  concurrency: number;
  /** Seconds until the ready tasks are done at the current rate. `null` while no task finishes. */
  drainSeconds: number | null;
}

export interface DeadLetter {
  taskId: string;
  jobId: string;
  owner: string;
  pipeline: string;
  step: string;
  queue: string;
  /** `null` for a task of the whole job. */
  index: number | null;
  /** Index of the part. `null` unless the task belongs to a part. */
  part: number | null;
  name: string;
  attempt: number;
  deaths: number;
  /** `detail` is the full exception with its stack trace, for errors that the step did not declare. */
  error: { code: string; message: string; detail?: string } | null;
  group: string;
  /** What the step read. `data` and `text` hold only the beginning. */
  input: {
    files: { artifactId: string; name: string; mediaType: string; bytes: number }[];
    url: string | null;
    data: string | null;
    text: string | null;
  };
  createdAt: string;
  finishedAt: string | null;
}

export interface Attempt {
  taskId: string;
  /** `null` for a task of the whole job. */
  index: number | null;
  part: number | null;
  name: string;
  step: string;
  run: number;
  attempt: number;
  outcome: "running" | "succeeded" | "failed" | "lost" | "died";
  cached: boolean;
  worker: string | null;
  startedAt: string | null;
  ms: number | null;
  error: DeadLetter["error"];
}

export interface DeadLetterFilter {
  queue?: string;
  pipeline?: string;
  owner?: string;
  code?: string;
  group?: string;
  /** Matches part of the error code or of its group. */
  text?: string;
  jobId?: string;
}

export interface Replayed {
  matched: number;
  replayed: number;
  skipped: number;
  stoppedBy: string | null;
}

export interface WorkerView {
  id: string;
  host: string;
  pid: number;
  /** `null` if the worker is too old to report it. */
  version: string | null;
  pipelines: string[];
  queues: string[];
  concurrency: number;
  running: number;
  /** Running tasks as of the last heartbeat, oldest first. */
  tasks: { taskId: string; jobId: string; since: string; seconds: number }[];
  memoryBytes: number | null;
  /** `draining`: the worker finishes its running tasks and exits. */
  state: "running" | "draining";
  startedAt: string;
  seenAt: string;
}

/** Queue depths for an autoscaler. */
export interface Scale {
  value: number;
  /** Workers needed to meet the demand. */
  workers: number;
  queues: (Omit<Queue, "dead" | "concurrency" | "drainSeconds"> & { value: number })[];
}

export interface Readiness {
  ready: boolean;
  checks: Record<"store" | "broker" | "blobs" | "bus", { ok: boolean; name: string }>;
  /** Queues that no worker serves. */
  unserved: { queue: string; waiting: number }[];
}

/** A file with a public address. */
export interface Publication {
  /** The artifact's id. */
  id: string;
  jobId: string;
  url: string;
  name: string;
  mediaType: string;
  bytes: number;
  sha256: string;
  createdAt: string;
}

/** A URL to send a file to directly, bypassing the API. */
export interface UploadAddress {
  /** Pass it in a job's `files` after sending the file. */
  uploadId: string;
  method: "PUT";
  url: string;
  headers: Record<string, string>;
  expiresAt: string;
  /** Set if `publish` was requested. Works once a job uses the file. */
  publicUrl: string | null;
}
