import type { Failure, Json } from "./records.ts";

/** When a schedule is due: by a cron expression in a time zone, or every so many seconds. */
export type Timing = { cron: string; timeZone: string } | { everySeconds: number };

/** What becomes of due times that passed while nothing ran: one job for the last of them, or none. */
export const missedRules = ["once", "skip"] as const;
/** What happens when a due time comes while the schedule's last job has not ended. */
export const overlapRules = ["skip", "queue"] as const;

/** What its owner, or its pipeline's code, says of a schedule. */
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
  /** The version of the pipeline whose code defines it; `null`: a client made it. */
  definedBy: number | null;
  /** The next due time; `null` while it is paused. */
  dueAt: number | null;
  /** The last due time that came, how it ended, and why where it failed. */
  last: { dueAt: number; outcome: ScheduleOutcome; error: Failure | null } | null;
  /** Of the job that it started last. */
  lastJobId: string | null;
  createdAt: number;
}

/** Whose the schedules are that pipelines define in their code. */
export const SYSTEM_OWNER = "system";
