import type { Readable } from "node:stream";
import type { Json } from "../domain/records.ts";
import type { Ai } from "./ai.ts";
import type { StepBudget, TurnOptions } from "./budget.ts";
import type { Catalog } from "./catalog.ts";
import type { Snooze } from "./control.ts";

/** A file that a step reads or wrote. Steps may put artifacts into their results. */
export type Artifact = {
  artifactId: string;
  name: string;
  mediaType: string;
  bytes: number;
  sha256: string;
  meta?: { [key: string]: Json };
};

/** Options can refer to the client's files as `{artifactId}`; see `fileOption`. */
export interface StepContext<Options> {
  readonly jobId: string;
  /** Owner of the job. */
  readonly owner: string;
  readonly pipeline: string;
  readonly step: string;
  /** Starts at 1. */
  readonly attempt: number;
  /** The job's options, parsed by the pipeline's schema. */
  readonly options: Options;
  /** Aborted when the step times out, its job is canceled or its lease is lost. */
  readonly signal: AbortSignal;
  readonly log: StepLog;
  /**
   * Reports the progress of this task to clients. Cheap: sent at most ten times a second, never stored.
   * @param fraction 0 to 1
   */
  progress(fraction: number, message?: string): void;
  /**
   * Reports how the result differs from the request: what was left out, replaced or guessed. Kept with the item when
   * the step succeeds, and with the cached result. At most 20 different warnings are kept.
   * @param code for programs: lowercase letters, digits and `_`, such as `pages_left_out`
   * @param message for people: what was lost and what to do, at most 500 characters
   */
  warn(code: string, message: string): void;
  /**
   * Sends a piece of streamed text to clients (`text.delta`). Never stored. A long piece arrives as several events,
   * in order.
   */
  delta(text: string): void;
  /** The bytes of a file, in memory. */
  read(file: { artifactId: string }): Promise<Buffer>;
  /** The bytes of a file as a stream. */
  stream(file: { artifactId: string }): Promise<Readable>;
  /** A path to the file on this machine, for native programs. Valid until the step ends. */
  path(file: { artifactId: string }): Promise<string>;
  /** Saves a file as an output of this step. It becomes visible when the step succeeds. */
  write(file: NewFile): Promise<Artifact>;
  /**
   * Adds a file that this step reads to its outputs, without copying it. Use it in the last step, whose outputs are the
   * item's.
   */
  pass(file: { artifactId: string }): Promise<Artifact>;
  /**
   * Publishes a file that this step reads or wrote, and returns its public URL. The URL depends only on the content and
   * may be cached forever. The file stays available until the job is deleted, even past the retention of its other
   * files. Only for steps that are never cached, because the URL belongs to this job. Throws `publishing_off` if the
   * server has no `MILLRACE_CDN_URL`.
   */
  publish(file: { artifactId: string }): Promise<string>;
  /**
   * Stores the perceptual hash of a picture that this step reads or wrote, and returns the owner's other pictures that
   * look the same, nearest first. Only for steps that are never cached.
   * @param turned the hashes of the picture as it is, mirrored and rotated (`perceptualHash`)
   */
  nearDuplicates(
    file: { artifactId: string },
    turned: readonly string[],
    options?: { limit?: number },
  ): Promise<NearDuplicate[]>;
  /** An empty folder for temporary files, deleted when the step ends. */
  folder(): Promise<string>;
  /**
   * Waits until this machine has that much free memory for the step, and holds it until the attempt ends or reserves
   * again. Call it before you use the memory, with the total that you will need. Requests are served in order, and the
   * step's timeout does not run while it waits. Throws `too_much_memory` for more than the machine's budget
   * (`MILLRACE_MEMORY_MIB`) or the limit of the step's process.
   */
  reserveMemory(bytes: number): Promise<void>;
  /**
   * Runs a module's default export in a thread, so that CPU-bound JavaScript does not block the worker. Aborting the
   * step's signal terminates the thread. `input` and the result are cloned.
   */
  thread<In, Out>(module: URL, input: In): Promise<Out>;
  /**
   * Starts another job of the same owner. The job is created in the transaction that records this step's success, and
   * only once, however often the step runs. The step does not wait for it. A step that starts jobs is never cached.
   * Throws the error that a request for the job would get, and `too_deep` beyond 8 levels of jobs.
   * @param key distinguishes the jobs of one step: the same key is the same job
   * @param pipeline a pipeline on this server, or its name
   */
  submit(
    key: string,
    pipeline: string | { readonly name: string },
    work?: Submission,
  ): Promise<{ jobId: string }>;
  /**
   * Looks up an entry of a catalog that the pipeline lists, in memory or with the catalog's loader; `undefined` if
   * there is none. Throws `unavailable`, which is retried, while the loader fails.
   */
  lookup<T>(catalog: Catalog<T>, key: string): Promise<T | undefined>;
  /**
   * Books a turn in a budget that all processes share, and resolves when the turn comes. Turns are granted in call
   * order. If the turn is more than 1.5 s away, this throws, and the task gives up its slot and comes back for its turn
   * without using up an attempt, so do not catch the error. Throws `budget_exhausted` for a turn that is a day away.
   */
  turn(budget: StepBudget, options?: TurnOptions): Promise<void>;
  /**
   * Reports that the other side refused a request that the budget allowed. Turns booked from now on start in `afterMs`
   * at the earliest and at 0.7 of the rate, which recovers within half an hour. Throw what it returns:
   * `throw await ctx.refused(budget, afterMs)` brings the task back then, with no attempt charged.
   * @param afterMs the delay that `Retry-After` asked for
   */
  refused(budget: StepBudget, afterMs: number): Promise<Snooze>;
  /**
   * Runs `fn` once for this task and step: its result is recorded, and later attempts get the recorded value. A crash
   * between the call and the record may run it twice.
   */
  once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T>;
  /** Language, vision, embedding and image models, within the budgets of their providers. */
  readonly ai: Ai;
}

/** Another picture of the same owner. */
export interface NearDuplicate {
  artifactId: string;
  jobId: string;
  /** Hash bits that differ, 0 to 8. */
  distance: number;
}

/** The work of a job that a step starts: files or items, as for any other job. */
export interface Submission {
  /** Validated by the other pipeline's schema. */
  options?: unknown;
  /** Files that this step reads or wrote. */
  files?: readonly { artifactId: string }[];
  items?: readonly { name?: string; data: unknown }[];
  /** 0 to 9. @default this job's priority */
  priority?: number;
  startAt?: Date;
  metadata?: { [key: string]: string };
}

export type NewFile = (OwnName | DerivedName) & {
  data: Buffer | Readable;
  mediaType: string;
  meta?: { [key: string]: Json };
};

/** A name that the step chooses. A cached result with such a name is reused only for items of the same name. */
export interface OwnName {
  name: string;
}

/** The item's name with another extension: `photo.heic` becomes `photo-1.png`. Cached results follow the name. */
export interface DerivedName {
  /** Without the dot. */
  extension: string;
  /** Goes before the extension. @default "" */
  suffix?: string;
}

/** What an `each` step gets in addition to the job's options. */
export interface EachContext<Options, Previous, Data = null> extends StepContext<Options> {
  /** Index of the item, from 0. */
  readonly index: number;
  /** Name of the uploaded file (the client's, without folders) or of the data item; "" if there is none. */
  readonly name: string;
  /** The uploaded file. Throws for a job without files. */
  readonly file: Artifact;
  /** The item's data, parsed by the pipeline's schema (`accepts.data`); `null` if the item is a file. */
  readonly data: Data;
  /** The files that the previous step wrote, or the uploaded file for the first step. */
  readonly inputs: readonly Artifact[];
  /** The previous step's return value (`null` for the first step). */
  readonly previous: Previous;
}

/** What an `all` step gets. */
export interface AllContext<Options, Item, Previous, Data = null> extends StepContext<Options> {
  /** Every item that succeeded, by index. */
  readonly items: AsyncList<EndedItem<Item, Data>>;
  /** The index and the error of every other item. */
  readonly failures: AsyncList<FailedItem>;
  /** The previous `all` step's return value (`null` for the first). */
  readonly previous: Previous;
}

/**
 * A list that may not fit into memory: each `for await` loop reads it from the start. `Array.fromAsync` reads all of it
 * at once, if you know that it fits.
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

/** Entries carry the ids of the job and the task. */
export interface StepLog {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}
