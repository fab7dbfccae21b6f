import type { Outcome } from "../../domain/commands.ts";
import type { Json } from "../../domain/records.ts";
import type { Dropped } from "./drops.ts";

/** A message on the bus topic `live`: what is told but not recorded. */
export interface LiveMessage {
  owner: string;
  jobId: string;
  type: "item.progress" | "text.delta";
  index: number;
  attempt: number;
  data: { [key: string]: Json };
}

/** A message on the bus topic `metrics`: what a worker has done since its last one, once a second while it works. */
export interface StepFigures {
  worker: string;
  /**
   * By queue, outcome and duration: attempts that ended, and the seconds they took. Those whose durations lie
   * between the same two of `STEP_BOUNDS` are one entry.
   */
  steps: { queue: string; outcome: Outcome["kind"]; count: number; seconds: number }[];
  /** Messages that the worker dropped. */
  dropped: Dropped[];
  /** Lines of its log that could not be written, where there are any: an older version knows no such field. */
  lostLines?: number;
}

/** Upper bounds of step durations, s. */
export const STEP_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Bus topics. `log` carries an owner whose log grew, `revoked` leases, the others what is named above. */
export const topics = { log: "log", live: "live", revoked: "revoked", metrics: "metrics" } as const;
