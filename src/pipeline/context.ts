import type { Readable } from "node:stream";
import type { Json } from "../domain/records.ts";
import type { Catalog } from "./catalog.ts";

/** A file that a step reads or wrote. Steps may put artifacts into their results. */
export type Artifact = {
  artifactId: string;
  name: string;
  mediaType: string;
  bytes: number;
  sha256: string;
  meta?: { [key: string]: Json };
};

/** Options may name files of the client's own as `{artifactId}`; see `fileOption`. */
export interface StepContext<Options> {
  readonly jobId: string;
  /** Whose job it is. */
  readonly owner: string;
  readonly pipeline: string;
  readonly step: string;
  /** From 1. */
  readonly attempt: number;
  /** The job's options, parsed by the pipeline's schema. */
  readonly options: Options;
  /** Aborted when the step times out, its job is cancelled or its lease is lost. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  /**
   * Tells those who watch how far this task is. Cheap: sent at most ten times a second, never stored.
   * @param fraction 0 to 1
   */
  progress(fraction: number, message?: string): void;
  /**
   * Says that the result is not all that was asked for: what was left out, replaced or guessed. Kept with the
   * item when the step succeeds, and with the cached result. At most 20 different ones are kept.
   * @param code for programs: lower-case letters, digits and `_`, such as `pages_left_out`
   * @param message for people: what was lost and what to do, at most 500 characters
   */
  warn(code: string, message: string): void;
  /**
   * Sends a piece of streamed text to those who watch (`text.delta`); never stored. A long one arrives as several
   * events, in order.
   */
  delta(text: string): void;
  /** The bytes of a file, in memory. */
  read(file: { artifactId: string }): Promise<Buffer>;
  /** The bytes of a file as a stream. */
  stream(file: { artifactId: string }): Promise<Readable>;
  /** A path to the file on this machine, kept until the step ends: for native programs. */
  path(file: { artifactId: string }): Promise<string>;
  /** Keeps a file as an output of this step. It becomes visible when the step succeeds. */
  write(file: NewFile): Promise<Artifact>;
  /** An empty folder for temporary files, removed when the step ends. */
  folder(): Promise<string>;
  /**
   * Waits until this machine has so much memory free for the step, and keeps it until the attempt ends or reserves
   * anew. To be called before the memory is used, with all that will be. Attempts get it in the order in which they
   * asked; the step's timeout does not run meanwhile. Throws `too_much_memory` for more than the machine's budget
   * (`MILLRACE_MEMORY_MIB`), or than a process of the step may use.
   */
  reserveMemory(bytes: number): Promise<void>;
  /**
   * Runs a module's default export in a thread, so that CPU-bound JavaScript does not hold up the worker.
   * The thread is ended when the step's signal is aborted. `input` and the result are cloned.
   */
  thread<In, Out>(module: URL, input: In): Promise<Out>;
  /**
   * Starts another job of the same owner. It is created in the transaction that records this step's success, and
   * once, however often the step runs; nobody waits for it. A step that starts jobs is never cached. Throws what a
   * request for the job would be answered with, and `too_deep` beyond 8 levels of jobs.
   * @param key tells the jobs of one step apart: the same key is the same job
   * @param pipeline one that this server has, or its name
   */
  submit(
    key: string,
    pipeline: string | { readonly name: string },
    work?: Submission,
  ): Promise<{ jobId: string }>;
  /**
   * An entry of a catalog that the pipeline names, from memory or by the catalog's loader; `undefined` where there is
   * none. Throws `unavailable`, which is tried again, while the loader fails.
   */
  lookup<T>(catalog: Catalog<T>, key: string): Promise<T | undefined>;
  /**
   * Runs `fn` once for this task and step: its result is recorded, and a repeated attempt gets it back.
   * A crash between the call and the record may run it twice.
   */
  once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T>;
}

/** The work of a job that a step starts: files or items, as for any job. */
export interface Submission {
  /** As the other pipeline's schema has them. */
  options?: unknown;
  /** Files that this step reads or wrote. */
  files?: readonly { artifactId: string }[];
  items?: readonly { name?: string; data: unknown }[];
  /** 0 to 9. @default that of this job */
  priority?: number;
  startAt?: Date;
  metadata?: { [key: string]: string };
}

export type NewFile = (OwnName | DerivedName) & {
  data: Buffer | Readable;
  mediaType: string;
  meta?: { [key: string]: Json };
};

/** A name of the step's own. A cached result with such a name is only for items of the same name. */
export interface OwnName {
  name: string;
}

/** The item's name with another extension: `photo.heic` becomes `photo-1.png`. Cached results follow the name. */
export interface DerivedName {
  /** Without its dot. */
  extension: string;
  /** Comes before the extension. @default "" */
  suffix?: string;
}

/** What an `each` step gets beside the job's options. */
export interface EachContext<Options, Previous, Data = null> extends StepContext<Options> {
  /** Index of the item, from 0. */
  readonly index: number;
  /** Name of the uploaded file (the client's, without folders) or of the item of data; "" where there is none. */
  readonly name: string;
  /** The uploaded file. Throws for a job without files. */
  readonly file: Artifact;
  /** The data of the item, parsed by the pipeline's schema (`accepts.data`); `null` for an item that is a file. */
  readonly data: Data;
  /** What the step before wrote, or the uploaded file for the first step. */
  readonly inputs: readonly Artifact[];
  /** What the step before returned (`null` for the first). */
  readonly previous: Previous;
}

/** What an `all` step gets. */
export interface AllContext<Options, Item, Previous, Data = null> extends StepContext<Options> {
  /** Every item that succeeded, by index. */
  readonly items: AsyncList<EndedItem<Item, Data>>;
  /** Indexes and reasons of those that did not. */
  readonly failures: AsyncList<FailedItem>;
  /** What the `all` step before returned (`null` for the first). */
  readonly previous: Previous;
}

/**
 * What may be too much for memory: read while it is iterated with `for await`, from its start each time.
 * `Array.fromAsync` reads all of it at once, where that is known to fit.
 */
export interface AsyncList<T> extends AsyncIterable<T> {
  readonly length: number;
}

export interface FailedItem {
  index: number;
  name: string;
  code: string;
  message: string;
}

export interface EndedItem<Result, Data = null> {
  index: number;
  name: string;
  file: Artifact | null;
  data: Data;
  outputs: readonly Artifact[];
  result: Result;
}

/** Written with the job's and task's ids. */
export interface StepLog {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}
