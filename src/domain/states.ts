/** States of jobs, items and tasks, shared by the API, the page, the command line and the stores. */

/** States in which a job has ended, unless it is reopened. */
export const endedJobStates = ["succeeded", "partial", "failed", "cancelled", "expired"] as const;
export const jobStates = ["queued", "running", ...endedJobStates] as const;
export type JobState = (typeof jobStates)[number];

/** State of an item's task as clients see it. */
export const itemStates = ["queued", "running", "retrying", "succeeded", "failed", "cancelled"] as const;
export type ItemState = (typeof itemStates)[number];

const endedTaskStates = ["succeeded", "dead", "cancelled", "refused"] as const;

/**
 * - `scheduled`: waits until `wakeAt` (delayed start, backoff, snooze)
 * - `ready`: in the backlog, not handed to the broker
 * - `published`: in the broker's window; republished if nobody claims it by `wakeAt`
 * - `split`: an item that waits for its parts
 * - `leased`: claimed by a worker until `wakeAt`, which the worker keeps extending
 * - `succeeded`, `dead`, `cancelled`: ended
 * - `refused`: failed when its job was created, because its pipeline does not accept its file; it never runs
 */
export type TaskState =
  | "scheduled"
  | "ready"
  | "published"
  | "leased"
  | "split"
  | (typeof endedTaskStates)[number];

/** States of a part that is running or may still run. */
export const openPartStates = ["scheduled", "ready", "published", "leased"] as const satisfies TaskState[];
/** States of a part. */
export const partStates = [
  ...openPartStates,
  "succeeded",
  "dead",
  "cancelled",
] as const satisfies TaskState[];

/** Whether a task is running or may still run. */
export function isOpen({ state }: { state: TaskState }): boolean {
  return !(endedTaskStates as readonly string[]).includes(state);
}

/** The event that ends a job in each end state. A job that is reopened has several. */
export const terminalEvents = endedJobStates.map((state) => `job.${state}` as const);

export function hasEnded({ state }: { state: JobState }): boolean {
  return (endedJobStates as readonly string[]).includes(state);
}

/** Whether an event of this type ends a job. */
export function isTerminal(eventType: string): boolean {
  return (terminalEvents as readonly string[]).includes(eventType);
}
