import type { Failure, FileRef, ItemOptions, JobSpec, Json, Memo, PartSource, Warning } from "./records.ts";

/** Commands to the records. Ids, times and randomness come with the command, so that repeating one is safe. */

export interface CreateJob extends JobSpec {
  id: string;
  now: number;
  owner: string;
  pipeline: string;
  /** Empty for a job without files, which gets one item without input. */
  items: NewItem[];
  /** Blobs that were pinned for this request, listed once per pin. */
  pinned: string[];
  reservation: string | null;
  idempotency: { key: string; fingerprint: string; expiresAt: number } | null;
}

/**
 * A new item: its file, the URL to fetch it from, its data, or the error with which it was refused and fails at once.
 */
export type NewItem = { name: string; options?: ItemOptions } & (
  | { input: FileRef; url?: undefined; data?: undefined; error?: undefined }
  | { input?: undefined; url: string; data?: undefined; error?: undefined }
  | { input?: undefined; url?: undefined; data: NewData; error?: undefined }
  | { input?: undefined; url?: undefined; data?: undefined; error: Failure }
);

/** The data of an item: its value, or the file that holds it. See `TaskRecord.data`. */
export interface NewData {
  value: Json;
  file: FileRef | null;
}

/** All files that a new job refers to. */
export function filesOfJob({ items, attachments }: CreateJob): FileRef[] {
  return [...items.flatMap(filesOfItem), ...attachments];
}

/** All files that a new item refers to. */
export function filesOfItem({ input, data }: NewItem): FileRef[] {
  return [input, data?.file].filter((file) => file != null);
}

/** A job that a step starts. */
export interface NewChild {
  /** The step's own key for the job. */
  key: string;
  job: CreateJob;
}

/** One part that a split made of its item. */
export interface NewPart extends Omit<PartSource, "total"> {
  name: string;
}

export interface ReopenJob {
  /** `null`: an operator, for any owner. */
  owner: string | null;
  id: string;
  now: number;
  /** Tasks to run again, by `TaskRecord.item`. @default every failed one */
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

/** A memo of `ctx.once`, fenced by the lease. It takes over the pin of its blob. */
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
  /** `cache`: the result may be cached under its content key (a fallback's result may not). */
  | {
      kind: "succeeded";
      result: Json;
      resultFile: FileRef | null;
      outputs: FileRef[];
      warnings: Warning[];
      /** Set for a split. */
      parts?: NewPart[];
      /** Jobs to create with the settlement, once per id. */
      children?: NewChild[];
      cache: boolean;
      ms: number;
    }
  /** `random` in [0, 1) sets the jitter. `retryAfterMs`: the least delay, as requested by a provider. */
  | { kind: "failed"; error: Failure; retryable: boolean; retryAfterMs?: number; random: number; ms: number }
  /** Returned uncharged: after `delayMs` (a snooze), or at once if 0 (a drain, an outage). */
  | { kind: "returned"; delayMs: number }
  /** The process that ran only this attempt exited unexpectedly. Not charged, but such deaths are counted. */
  | { kind: "died" };
