/** The states of jobs, items and tasks, for the API, the page, the command line and the stores alike. */

/** States in which a job has ended, unless it is reopened. */
export const endedJobStates = ["succeeded", "partial", "failed", "cancelled", "expired"] as const;
export const jobStates = ["queued", "running", ...endedJobStates] as const;
export type JobState = (typeof jobStates)[number];

/** What clients see of a task that belongs to an item. */
export const itemStates = ["queued", "running", "retrying", "succeeded", "failed", "cancelled"] as const;
export type ItemState = (typeof itemStates)[number];

const endedTaskStates = ["succeeded", "dead", "cancelled", "refused"] as const;

/**
 * - `scheduled`: waits until `wakeAt` (delayed start, backoff, snooze)
 * - `ready`: in the backlog, not handed to the broker
 * - `published`: in the broker's window; republished when nothing claimed it by `wakeAt`
 * - `split`: an item that waits for its parts
 * - `leased`: claimed by a worker until `wakeAt`, which the worker keeps moving
 * - `succeeded`, `dead`, `cancelled`: ended
 * - `refused`: failed as its job was created, since its pipeline does not accept its file; it never runs
 */
export type TaskState =
  | "scheduled"
  | "ready"
  | "published"
  | "leased"
  | "split"
  | (typeof endedTaskStates)[number];

/** States of a part that may still run, or is running. */
export const openPartStates = ["scheduled", "ready", "published", "leased"] as const satisfies TaskState[];
/** States of a part. */
export const partStates = [
  ...openPartStates,
  "succeeded",
  "dead",
  "cancelled",
] as const satisfies TaskState[];

/** Whether a task may still run, or is running. */
export function isOpen({ state }: { state: TaskState }): boolean {
  return !(endedTaskStates as readonly string[]).includes(state);
}

/** The last event of a job in each state that ends it. A job that is reopened has several. */
export const terminalEvents = endedJobStates.map((state) => `job.${state}` as const);

export function hasEnded({ state }: { state: JobState }): boolean {
  return (endedJobStates as readonly string[]).includes(state);
}

/** Whether a job ends with an event of this type. */
export function isTerminal(eventType: string): boolean {
  return (terminalEvents as readonly string[]).includes(eventType);
}
