import type { itemView, jobView, partView } from "../domain/job-views.ts";
import type { Json } from "../domain/records.ts";
import type { StepView } from "../domain/step-views.ts";
import type { FileView } from "../domain/views.ts";

/** The JSON of the HTTP contract. Jobs take their types from the server's own views, so that a drift fails the build. */

export type { FileView as JobFile, Json, StepView as JobStep };

export type AnyJob = ReturnType<typeof jobView>;
export type AnyItem = ReturnType<typeof itemView>;
/** A part of an item that was split. */
export type Part = ReturnType<typeof partView>;

/** A pipeline as its type describes it; every pipeline made with `definePipeline` is one. */
export interface TypedPipeline {
  readonly name: string;
  readonly "~types"?: PipelineTypes;
}

export interface PipelineTypes {
  /** As a client sends them. */
  options: unknown;
  /** What the last `each` step returns. */
  item: unknown;
  /** What the last `all` step returns; `null` without one. */
  result: unknown;
  /** Data of an item that is no file, as a client sends it; `never` where the pipeline takes none. */
  data: unknown;
}

type TypesOf<P> = P extends { readonly "~types"?: infer T extends PipelineTypes } ? T : UntypedPipeline;

interface UntypedPipeline extends PipelineTypes {
  // biome-ignore lint/suspicious/noExplicitAny: nothing is known of a pipeline that is only named.
  options: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  item: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  result: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  data: any;
}

/** A job of a pipeline, with what its steps return. */
export type Job<P = unknown> = Omit<AnyJob, "items" | "result"> & {
  items: JobItem<P>[];
  /** What the last `all` step returned: `null` until it has, and where `resultFile` has it. */
  result: TypesOf<P>["result"] | null;
};

export type JobItem<P = unknown> = Omit<AnyItem, "result"> & {
  /** What its last step returned: `null` until it has, and where `resultFile` has it. */
  result: TypesOf<P>["item"] | null;
};

/** Pipelines by any name: the module that exports them, as `typeof import("./pipelines.ts")`. */
export type PipelineModule = object;

/** The names that a module's pipelines have, and any other. */
export type PipelineName<Module> = NamesOf<Module> | (string & {});

type NamesOf<Module> = {
  [Key in keyof Module]: Module[Key] extends TypedPipeline ? Module[Key]["name"] : never;
}[keyof Module];

/** The pipeline of a name, or the one that was given itself. */
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

/** A file of a job: its bytes, a finished upload, a file of an earlier job, or one that a worker fetches. */
export type JobInput = Blob | NamedFile | { uploadId: string } | { artifactId: string } | { url: string };

export interface NamedFile {
  name: string;
  data: Blob | string | ArrayBuffer | Uint8Array<ArrayBuffer>;
}

/** Options as a client may send them: an option that is a file takes its bytes, too. */
export type OptionsInput<T> = T extends { artifactId: string }
  ? T | Blob | { uploadId: string }
  : T extends readonly unknown[]
    ? { [Key in keyof T]: OptionsInput<T[Key]> }
    : T extends object
      ? { [Key in keyof T]: OptionsInput<T[Key]> }
      : T;

type OptionsOf<P> = OptionsInput<TypesOf<P>["options"]>;

/** What a job is made of. `options` may be left out where the pipeline needs none. */
export type NewJob<P = unknown> = JobParts<P> &
  (Record<string, never> extends OptionsOf<P> ? { options?: OptionsOf<P> } : { options: OptionsOf<P> });

/** An item of data, as the pipeline's `accepts.data` has it. */
export interface DataItem<P = unknown> {
  name?: string;
  data: TypesOf<P>["data"];
}

interface JobParts<P> {
  files?: readonly JobInput[];
  /** Items of data instead of files. */
  items?: readonly DataItem<P>[];
  /** 0 to 9; higher runs first. @default 4 */
  priority?: number;
  /** Not before this time. */
  startAt?: Date | string;
  /** Up to 16 strings that come back in the job and in webhooks. */
  metadata?: Record<string, string>;
  /** `skip`: a file that the pipeline does not accept becomes a failed item. @default "reject" */
  onInvalidFile?: "reject" | "skip";
}

/** A cron expression in a time zone (UTC by default), or seconds. */
export type Timing =
  | { cron: string; timeZone?: string; everySeconds?: undefined }
  | { everySeconds: number; cron?: undefined; timeZone?: undefined };

/** What a schedule starts, and by which rules. */
export interface ScheduledJob<P = unknown> {
  /** Shown in lists. */
  name?: string;
  options?: TypesOf<P>["options"];
  items?: readonly DataItem<P>[];
  /** Due times that passed while nothing ran: one job for the last of them, or none. @default "once" */
  missed?: "once" | "skip";
  /** A due time that comes while the last job has not ended: no job, or another one. @default "skip" */
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
  /** By its pipeline, where it is changed. */
  definedInCode: boolean;
  paused: boolean;
  /** The next five due times; none while it is paused. */
  next: string[];
  /** The last due time that came, and how it ended. */
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
  /** `null` on the last one. */
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
    /** Items of data instead of files; 0 where it takes none. */
    maxItems: number;
    /** JSON Schema of the data of one item. */
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
}

export interface DeadLetter {
  taskId: string;
  jobId: string;
  owner: string;
  pipeline: string;
  step: string;
  queue: string;
  /** `null`: of the whole job. */
  index: number | null;
  /** Of the item; `null` where it is not one of its parts. */
  part: number | null;
  name: string;
  attempt: number;
  deaths: number;
  /** `detail`: the whole of an exception that the step did not declare, with its stack trace. */
  error: { code: string; message: string; detail?: string } | null;
  finishedAt: string | null;
}

/** One attempt at a task of a job. */
export interface Attempt {
  taskId: string;
  /** `null`: of the whole job. */
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
  code?: string;
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
  queues: string[];
  concurrency: number;
  running: number;
  startedAt: string;
  seenAt: string;
}

/** Depth figures for an autoscaler. */
export interface Scale {
  value: number;
  queues: (Omit<Queue, "dead"> & { value: number })[];
}

export interface Readiness {
  ready: boolean;
  checks: Record<"store" | "broker" | "blobs" | "bus", { ok: boolean; name: string }>;
  /** Queues whose tasks no worker can run. */
  unserved: { queue: string; waiting: number }[];
}

/** Where a file can be sent to directly, past the API. */
export interface UploadAddress {
  /** For `files` of a job, when the file has been sent. */
  uploadId: string;
  method: "PUT";
  url: string;
  headers: Record<string, string>;
  expiresAt: string;
}
