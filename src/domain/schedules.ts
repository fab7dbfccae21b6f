import type { Failure, Json } from "./records.ts";

/** When a schedule is due: by a cron expression in a time zone, or at an interval. */
export type Timing = { cron: string; timeZone: string } | { everySeconds: number };

/** Due times missed while nothing ran: start one job for the latest, or none. */
export const missedRules = ["once", "skip"] as const;
/** A due time while the schedule's previous job is still running: skip it, or start another. */
export const overlapRules = ["skip", "queue"] as const;

/** The part of a schedule set by its owner, or by its pipeline's code. */
export interface ScheduleSpec {
  name: string;
  pipeline: string;
  options: Json;
  items: { name?: string; data: Json }[];
  timing: Timing;
  missed: (typeof missedRules)[number];
  overlap: (typeof overlapRules)[number];
}

/** How a due time ended. */
export type ScheduleOutcome = "started" | "overlapped" | "missed" | "failed";

export interface ScheduleRecord extends ScheduleSpec {
  id: string;
  owner: string;
  /** The version of the pipeline whose code defines it; `null` if a client created it. */
  definedBy: number | null;
  /** The next due time; `null` while paused. */
  dueAt: number | null;
  /** The latest due time, its outcome, and the error if it failed. */
  last: { dueAt: number; outcome: ScheduleOutcome; error: Failure | null } | null;
  /** Id of the job that it started last. */
  lastJobId: string | null;
  createdAt: number;
}

/** Owner of the schedules that pipelines define in their code. */
export const SYSTEM_OWNER = "system";
