import type { Outcome } from "../../domain/commands.ts";
import type { Json } from "../../domain/records.ts";
import type { Progress } from "../../domain/views.ts";
import type { Dropped } from "./drops.ts";

/** A message on the bus topic `live`: sent but never recorded. */
export interface LiveMessage {
  owner: string;
  jobId: string;
  type: "item.progress" | "text.delta";
  index: number;
  attempt: number;
  data: { [key: string]: Json };
}

/** Attempts of one queue with the same outcome and about the same duration. */
export interface StepFigure {
  queue: string;
  outcome: Outcome["kind"];
  count: number;
  /** Their total duration. */
  seconds: number;
  /** The trace of one of them, if any. */
  trace?: string;
}

/** A message on the bus topic `metrics`: what a worker has done since its last one, once a second while it works. */
export interface StepFigures {
  worker: string;
  /**
   * Ended attempts and their seconds by queue, outcome and duration. Attempts whose durations fall between the same two
   * of `STEP_BOUNDS` share one entry.
   */
  steps: StepFigure[];
  /** Messages that the worker dropped. */
  dropped: Dropped[];
  /** Log lines that could not be written; omitted if none, because older versions do not know the field. */
  lostLines?: number;
  /** Tasks that its shutdown returned before they had ended; omitted if none. */
  interrupted?: number;
}

/** A message on the bus topic `text-asked`: an API process requests the text so far of a job's streams. */
export interface TextAsked {
  jobId: string;
  /** Correlation id, repeated in the answer. */
  ask: string;
}

/** A message on the bus topic `text-told`: a piece of a stream's text so far. */
export interface TextTold {
  ask: string;
  owner: string;
  jobId: string;
  index: number;
  attempt: number;
  part?: number;
  offset: number;
  text: string;
  /** Length of the whole text so far. */
  length: number;
}

/** A message on the bus topic `downloads`: progress of the downloads of one job's archive that one API process serves. */
export interface DownloadProgress {
  owner: string;
  jobId: string;
  /** Of the job. */
  progress: Progress;
  /** Number of downloads in progress. */
  downloads: number;
  /** Of all of them together. */
  sentBytes: number;
  totalBytes: number;
  /** Present if a download has been completed since the last message. */
  downloadedAt?: number;
}

/** Upper bounds of step durations, in seconds. */
export const STEP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Bus topics. `log` carries an owner whose log grew, `notices` an owner whose notifications changed, `revoked` leases,
 * `drain` the id of a worker that should drain, `webhooks` the id of an endpoint that was changed, `models` the
 * messages of `../../ai/tally.ts`, `processes` those of `../processes/figures.ts`, and the others the messages above.
 */
export const topics = {
  log: "log",
  live: "live",
  revoked: "revoked",
  metrics: "metrics",
  processes: "processes",
  drain: "drain",
  notices: "notices",
  ai: "ai",
  models: "models",
  textAsked: "text-asked",
  textTold: "text-told",
  downloads: "downloads",
  webhooks: "webhooks",
} as const;
