import type { Readable } from "node:stream";
import type { AiService } from "../ai/service.ts";
import type { Tables } from "../database/tables.ts";
import type { CreateJob } from "../domain/commands.ts";
import type { Failure, JobRecord, JobTraits, Parent, TaskRecord } from "../domain/records.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Broker } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Database } from "../ports/database.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Changed, Created } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import type { ArchiveDownloads } from "./archive-downloads.ts";
import type { Catalogs } from "./catalogs/catalogs.ts";
import type { FileSource } from "./file-source.ts";
import type { DataItem } from "./intake/data-items.ts";
import type { Drops } from "./messages/drops.ts";
import type { Hints } from "./messages/hints.ts";
import type { MessageReader } from "./messages/read.ts";
import type { Pictures } from "./pictures.ts";
import type { Publications } from "./publications.ts";
import type { ReceivedFile } from "./received-file.ts";
import type { Schedules } from "./schedules/schedules.ts";
import type { Uploads } from "./uploads/uploads.ts";

/** The entry point for the server, the CLI and the library to submit work; reads go to `store` and `blobs` directly. */
export interface Engine {
  readonly store: Store;
  /** Records outside the job ledger and its rules. */
  readonly database: Database<Tables>;
  readonly blobs: BlobStore;
  readonly broker: Broker;
  readonly bus: Bus;
  readonly pipelines: Pipelines;
  readonly uploads: Uploads;
  /** Requests to addresses that clients name. */
  readonly outgoing: Outgoing;
  /** Files that jobs name by URL. */
  readonly files: FileSource;
  readonly schedules: Schedules;
  /** Maps that steps look up entries in. */
  readonly catalogs: Catalogs;
  /** Keeps the budgets of steps. */
  readonly limiter: () => Promise<Limiter>;
  /** The AI service for steps; `null` if none is configured. */
  readonly ai: AiService | null;
  /** Files with public URLs. */
  readonly publications: Publications;
  /** When archives of jobs were last downloaded. */
  readonly archiveDownloads: ArchiveDownloads;
  /** Near-duplicate search over owners' pictures. */
  readonly pictures: Pictures;
  /** Writes and reads the payloads of deliveries. */
  readonly hints: Hints;
  /** Reads messages from the bus. */
  readonly messages: MessageReader;
  /** Jobs that programs submit by SQL; `null` if the store does not support that. */
  readonly inbox: Inbox | null;
  /** Counts the messages that this process dropped. */
  readonly drops: Drops;

  /**
   * Reserves room in the queue of the pipeline's first step for `RESERVATION_MS`, before any upload is read. Rejects
   * with `not_found` for an unknown pipeline, with `queue_full` (and `retryAfter`) if there is no room or the owner has
   * reserved their share of the queue, and with `storage_full` if free disk space is below its reserve. A request that
   * repeats a known idempotency key is let through: it will create nothing.
   */
  admit(request: AdmissionRequest): Promise<Admission>;
  /**
   * Streams one file into the blob store, hashes it, and detects its media type from its content. Pins the blob for an
   * hour. Rejects with `unsupported_media` (before the rest is read), `file_too_large`, and `storage_full` as soon as
   * free disk space is below its reserve.
   */
  receive(source: Readable, options: ReceiveOptions): Promise<ReceivedFile>;
  /**
   * Rejects with `storage_full` if free disk space is below its reserve. Call it before reading any client's bytes.
   * Checks the disk at most once a second.
   */
  room(): Promise<void>;
  /** Releases files that will not be used; bytes that nothing else keeps are removed soon. */
  discard(files: readonly ReceivedFile[]): Promise<void>;
  /** Validates the options and creates the job. Rejects with the catalog's errors; releases nothing. */
  createJob(request: JobRequest): Promise<Created>;
  /** Validates like `createJob`, for a job that is created later, such as a step's. The caller owns its pins. */
  prepare(request: JobRequest): Promise<CreateJob>;
  /** What `createJob` would do, without doing it. */
  quote(request: JobRequest): Promise<Quote>;
  cancelJob(owner: string, id: string): Promise<void>;
  retryJob(owner: string, id: string): Promise<{ items: number }>;
  removeJob(owner: string, id: string): Promise<void>;
  /** Replays a dead letter as an operator: one task, whoever owns it. */
  replay(taskId: string): Promise<void>;
  setPaused(queue: string, paused: boolean): Promise<void>;
  /** Publishes what a store call handed out, and notifies workers of revoked leases. */
  publishChanges(changed: Partial<Changed>): Promise<void>;
}

/** Jobs submitted by SQL that have not been created yet. */
export interface Inbox {
  /** Creates the job of a waiting row, if there is one. */
  takeOne(id: string): Promise<void>;
  /** Creates the jobs of the oldest rows; resolves to their number. */
  takeSome(): Promise<number>;
}

export interface Pipelines {
  /** @param version @default the newest, which new jobs use */
  get(name: string, version?: number): Pipeline | undefined;
  /** The newest version of each. */
  list(): readonly Pipeline[];
  /** All of them: workers run every version they have. */
  versions(): readonly Pipeline[];
}

/** How long room stays reserved for a request that has not become a job. */
export const RESERVATION_MS = 120_000;

export interface AdmissionRequest {
  owner: string;
  pipeline: string;
  tasks: number;
  /** Some of its files have to be fetched first. @default false */
  fetches?: boolean;
  /** It starts later. Such jobs have their own room, as large as that of others. @default false */
  delayed?: boolean;
  idempotencyKey?: string;
  /** As in `JobRequest`. */
  fromInside?: boolean;
}

export interface Admission {
  id: string;
  pipeline: Pipeline;
  release(): Promise<void>;
}

export interface ReceiveOptions {
  /** The client's name for it, as sent; it is made safe here. */
  name: string;
  mediaTypes: readonly string[];
  maxBytes: number;
  /** Whose quota it counts against. @default nobody's */
  owner?: string;
  signal?: AbortSignal;
}

/** A file just received, a file of an earlier job of the same owner, a URL or object to fetch, or a refused file. */
export type JobFile = ReceivedFile | { artifactId: string } | { url: string } | RemoteObject | RefusedFile;

/** An object of a bucket that the settings name, by its `objectUrl`. Clients cannot request one. */
export interface RemoteObject {
  object: string;
}

/** A file that its pipeline does not accept; a job that skips it gets a failed item in its place. */
export interface RefusedFile {
  name: string;
  error: Failure;
}

/** `reject` refuses the request; `skip` fails the item of that file and runs the others. */
export type OnInvalidFile = "reject" | "skip";

/** Traits default to `usualTraits`. */
export interface JobRequest extends Partial<JobTraits> {
  /** Set it if repeating the request must not create another job. @default a new one */
  id?: string;
  owner: string;
  pipeline: string;
  /** As the client sent them; parsed by the pipeline's schema. */
  options: unknown;
  files: readonly JobFile[];
  /** Data items instead of files, as the client sent them. */
  items?: readonly DataItem[];
  /** For each file, by index, a merge patch of `options` for this file only. @default none */
  fileOptions?: readonly unknown[];
  /** What to do if the pipeline does not accept a file. @default "reject" */
  onInvalidFile?: OnInvalidFile;
  /** Files for `fileOption` fields, by field path: `watermark.image`. */
  optionFiles?: ReadonlyMap<string, ReceivedFile>;
  startAt?: number;
  /** The step that starts it. @default null */
  parent?: Parent | null;
  /** The caller is part of the installation rather than a client, so the pipeline may be `internal`. @default false */
  fromInside?: boolean;
  idempotencyKey?: string;
  /** How long the key is remembered, in ms. @default 24 h */
  idempotencyMs?: number;
  /** W3C Trace Context of the request; ignored if invalid. */
  traceparent?: string;
  admission?: Admission;
  /** Why the job cannot run: it is created anyway, already failed with this error. */
  refusal?: Failure;
}

export interface Quote {
  /** Tasks that would run before this job's first. */
  position: number;
  /** Estimated wait until its first task starts, in seconds; `null` while the drain rate is unknown. */
  waitSeconds: number | null;
  /** Items whose result is cached. */
  cachedItems: number;
  items: number;
  /** One unit per item and step to compute. */
  costUnits: number;
}

export type { ReceivedFile } from "./received-file.ts";
export type { JobRecord, TaskRecord };
