import type { Readable } from "node:stream";
import type { Tables } from "../database/tables.ts";
import type { CreateJob } from "../domain/commands.ts";
import type { Failure, JobRecord, JobTraits, Parent, TaskRecord } from "../domain/records.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Broker } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import type { Changed, Created } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import type { Catalogs } from "./catalogs/catalogs.ts";
import type { FileSource } from "./file-source.ts";
import type { DataItem } from "./intake/data-items.ts";
import type { Drops } from "./messages/drops.ts";
import type { Hints } from "./messages/hints.ts";
import type { MessageReader } from "./messages/read.ts";
import type { ReceivedFile } from "./received-file.ts";
import type { Schedules } from "./schedules/schedules.ts";
import type { Uploads } from "./uploads/uploads.ts";

/** What server, CLI and library use to put work in; reads go to `store` and `blobs` directly. */
export interface Engine {
  readonly store: Store;
  /** The records that need none of the ledger's rules. */
  readonly database: Database<Tables>;
  readonly blobs: BlobStore;
  readonly broker: Broker;
  readonly bus: Bus;
  readonly pipelines: Pipelines;
  readonly uploads: Uploads;
  /** To addresses that clients name. */
  readonly outgoing: Outgoing;
  /** Files that jobs name by URL. */
  readonly files: FileSource;
  readonly schedules: Schedules;
  /** Maps that steps look things up in. */
  readonly catalogs: Catalogs;
  /** Makes and reads what brokers deliver. */
  readonly hints: Hints;
  /** Reads what comes over the bus. */
  readonly messages: MessageReader;
  /** What programs submitted by SQL; `null` where the store takes none. */
  readonly inbox: Inbox | null;
  /** Messages that were dropped by this process. */
  readonly drops: Drops;

  /**
   * Reserves room in the queue of the pipeline's first step for `RESERVATION_MS`, before any upload is read.
   * Rejects with `not_found` for an unknown pipeline, `queue_full` (with `retryAfter`) when there is no room
   * or the owner has reserved half of the queue, `storage_full` when the disk has less than its reserve. A
   * request that repeats a known idempotency key is let through: it will create nothing.
   */
  admit(request: AdmissionRequest): Promise<Admission>;
  /**
   * Streams one file into the blob store, hashing it, and knows its media type by content. The blob is
   * pinned for an hour. Rejects with `unsupported_media` (before the rest is read), `file_too_large`, and
   * `storage_full` as soon as the disk has less than its reserve.
   */
  receive(source: Readable, options: ReceiveOptions): Promise<ReceivedFile>;
  /**
   * Rejects with `storage_full` when the disk has less than its reserve: asked before a client's bytes are
   * read, whatever they are for. Looks at most once a second.
   */
  room(): Promise<void>;
  /** Nothing will come of these files: what only they kept is removed soon. */
  discard(files: readonly ReceivedFile[]): Promise<void>;
  /** Validates the options and creates the job. Rejects with the catalogue's errors; releases nothing. */
  createJob(request: JobRequest): Promise<Created>;
  /** Checks what `createJob` does, for a job that is created later, as a step's is; its pins are the caller's. */
  prepare(request: JobRequest): Promise<CreateJob>;
  /** What `createJob` would do, without doing it. */
  quote(request: JobRequest): Promise<Quote>;
  cancelJob(owner: string, id: string): Promise<void>;
  retryJob(owner: string, id: string): Promise<{ items: number }>;
  removeJob(owner: string, id: string): Promise<void>;
  /** Replays dead letters as an operator: one task, whoever owns it. */
  replay(taskId: string): Promise<void>;
  setPaused(queue: string, paused: boolean): Promise<void>;
  /** Publishes what a store call handed out, and tells workers of revoked leases. */
  publishChanges(changed: Partial<Changed>): Promise<void>;
}

/** Jobs that programs submitted by SQL, until they are created. */
export interface Inbox {
  /** Makes a job of a waiting row, if there is one. */
  takeOne(id: string): Promise<void>;
  /** Makes jobs of the oldest rows; says how many there were. */
  takeSome(): Promise<number>;
}

export interface Pipelines {
  /** @param version the newest by default: new jobs are of it */
  get(name: string, version?: number): Pipeline | undefined;
  /** The newest of each name. */
  list(): readonly Pipeline[];
  /** All of them: workers run every version that they have. */
  versions(): readonly Pipeline[];
}

/** How long room stays reserved for a request that has not become a job. */
export const RESERVATION_MS = 120_000;

export interface AdmissionRequest {
  owner: string;
  pipeline: string;
  tasks: number;
  /** Some of its files are fetched first. @default false */
  fetches?: boolean;
  /** It starts later: such jobs have as much room as others, of their own. @default false */
  delayed?: boolean;
  idempotencyKey?: string;
}

export interface Admission {
  id: string;
  pipeline: Pipeline;
  release(): Promise<void>;
}

export interface ReceiveOptions {
  /** The client's name for it, as sent; made safe. */
  name: string;
  mediaTypes: readonly string[];
  maxBytes: number;
  /** Whose quota it counts for. @default nobody's */
  owner?: string;
  signal?: AbortSignal;
}

/** A file just received, one of an earlier job of the same owner, one to be fetched, or one that was refused as it came. */
export type JobFile = ReceivedFile | { artifactId: string } | { url: string } | RemoteObject | RefusedFile;

/** An object of a bucket that the settings name, by its `objectUrl`. No client can ask for one. */
export interface RemoteObject {
  object: string;
}

/** A file that its pipeline does not accept: a job without it has a failed item in its place. */
export interface RefusedFile {
  name: string;
  error: Failure;
}

/** `reject` refuses the request; with `skip`, the item of that file fails and the others run. */
export type OnInvalidFile = "reject" | "skip";

/** What is not said of its traits is as `usualTraits` has it. */
export interface JobRequest extends Partial<JobTraits> {
  /** Known where repeating the request must not create another job. @default a new one */
  id?: string;
  owner: string;
  pipeline: string;
  /** As the client sent them; parsed by the pipeline's schema. */
  options: unknown;
  files: readonly JobFile[];
  /** Items of data instead of files, as the client sent them. */
  items?: readonly DataItem[];
  /** What becomes of the request when its pipeline does not accept a file. @default "reject" */
  onInvalidFile?: OnInvalidFile;
  /** Files for `fileOption` fields, by the path of the field: `watermark.image`. */
  optionFiles?: ReadonlyMap<string, ReceivedFile>;
  startAt?: number;
  /** The step that starts it. @default null */
  parent?: Parent | null;
  idempotencyKey?: string;
  /** How long the key is known, in ms. @default 24 h */
  idempotencyMs?: number;
  /** W3C Trace Context of the request: anything that is none is left out. */
  traceparent?: string;
  admission?: Admission;
  /** Why the job cannot run: it is created all the same, and has failed for that reason. */
  refusal?: Failure;
}

export interface Quote {
  /** Tasks that would run before this job's first. */
  position: number;
  /** Estimated wait until its first task starts, in seconds; `null` when the drain rate is not known yet. */
  waitSeconds: number | null;
  /** Items whose result is in the cache. */
  cachedItems: number;
  items: number;
  /** One unit an item and step that would be computed. */
  costUnits: number;
}

export type { ReceivedFile } from "./received-file.ts";
export type { JobRecord, TaskRecord };
