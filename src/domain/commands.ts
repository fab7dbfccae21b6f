import type { Failure, FileRef, JobSpec, Json, Memo, PartSource, Warning } from "./records.ts";

/** What is asked of the records. Ids, times and randomness come with the command, so that repeating one is safe. */

export interface CreateJob extends JobSpec {
  id: string;
  now: number;
  owner: string;
  pipeline: string;
  /** Empty for a job without files, which gets one item without input. */
  items: NewItem[];
  /** Blobs among the files that were pinned for this request, once for each pin. */
  pinned: string[];
  reservation: string | null;
  idempotency: { key: string; fingerprint: string; expiresAt: number } | null;
}

/**
 * An item with its file, or whence to fetch it, or its data, or why it is refused: the item has failed from the start.
 */
export type NewItem = { name: string } & (
  | { input: FileRef; url?: undefined; data?: undefined; error?: undefined }
  | { input?: undefined; url: string; data?: undefined; error?: undefined }
  | { input?: undefined; url?: undefined; data: NewData; error?: undefined }
  | { input?: undefined; url?: undefined; data?: undefined; error: Failure }
);

/** The data of an item: the value, or the file that holds it. See `TaskRecord.data`. */
export interface NewData {
  value: Json;
  file: FileRef | null;
}

/** The files that a job needs to be created. */
export function filesOfJob({ items, attachments }: CreateJob): FileRef[] {
  return [...items.flatMap(filesOfItem), ...attachments];
}

/** The files of an item that is to be created. */
export function filesOfItem({ input, data }: NewItem): FileRef[] {
  return [input, data?.file].filter((file) => file != null);
}

/** A job that a step starts. */
export interface NewChild {
  /** The step's own name for it. */
  key: string;
  job: CreateJob;
}

/** What a split made of its item. */
export interface NewPart extends Omit<PartSource, "total"> {
  name: string;
}

export interface ReopenJob {
  /** `null`: an operator, for any owner. */
  owner: string | null;
  id: string;
  now: number;
  /** Tasks to run again, by `TaskRecord.item`; every failed one by default. */
  items?: number[];
}

export interface Claim {
  taskId: string;
  generation: number;
  worker: string;
  /** A fresh token. */
  lease: string;
  now: number;
  leaseMs: number;
}

/** A memo of `ctx.once`, fenced by the lease; the pin of its blob is taken over. */
export interface Remember extends Memo {
  taskId: string;
  step: string;
  key: string;
  lease: string;
  now: number;
}

export interface Settle {
  taskId: string;
  lease: string;
  now: number;
  outcome: Outcome;
}

export type Outcome =
  /** `cache`: may be kept under its content key (a fallback's result may not). */
  | {
      kind: "succeeded";
      result: Json;
      resultFile: FileRef | null;
      outputs: FileRef[];
      warnings: Warning[];
      /** Of a split. */
      parts?: NewPart[];
      /** Jobs to be created with the settlement, once for each id. */
      children?: NewChild[];
      cache: boolean;
      ms: number;
    }
  /** `random` in [0, 1) chooses the jitter. `retryAfterMs`: at least that long, as a provider asked. */
  | { kind: "failed"; error: Failure; retryable: boolean; retryAfterMs?: number; random: number; ms: number }
  /** Handed back uncharged: after `delayMs` (a snooze), or at once (a drain, an outage) when 0. */
  | { kind: "returned"; delayMs: number }
  /** The process that ran this attempt and nothing else ended by itself. Uncharged, but such deaths are counted. */
  | { kind: "died" };
