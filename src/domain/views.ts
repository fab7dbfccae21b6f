import { itemSteps } from "./parts.ts";
import type { Child, Failure, FileRef, JobRecord, TaskRecord, Warning } from "./records.ts";
import type { ItemState } from "./states.ts";

/** Records as clients read them: the building blocks of the HTTP contract, and the data of events. */

/** Items embedded in a job itself; the rest is read in pages. */
export const FIRST_ITEMS = 100;

export interface Progress {
  total: number;
  done: number;
  failed: number;
  cached: number;
  /** 0 to 1: ended steps, out of all steps of all items. */
  fraction: number;
}

export type FileView = Omit<FileRef, "blob" | "tail">;

export function progressOf(job: JobRecord): Progress {
  const each = itemSteps(job.plan);
  const all = job.plan.length - each;
  const ended = job.finishedAt !== null;
  const fraction = ended ? 1 : job.stepsDone / Math.max(1, job.total * each + all);
  return {
    total: job.total,
    done: job.done,
    failed: job.failed,
    cached: job.cached,
    fraction: Math.floor(fraction * 10_000) / 10_000,
  };
}

export function itemState(task: Pick<TaskRecord, "state" | "attempt">): ItemState {
  switch (task.state) {
    case "leased":
    case "split":
      return "running";
    case "succeeded":
    case "cancelled":
      return task.state;
    case "dead":
    case "refused":
      return "failed";
    default:
      return task.attempt > 0 ? "retrying" : "queued";
  }
}

export function fileView({ blob: _blob, tail: _tail, ...file }: FileRef): FileView {
  return file;
}

export function failureView(failure: Failure | null): { code: string; message: string } | null {
  return failure && { code: failure.code, message: failure.message };
}

/** The warnings of an item's steps, in order. */
export function warningsOf({ trail }: Pick<TaskRecord, "trail">): Warning[] {
  return trail.flatMap((entry) => entry.warnings ?? []);
}

/** How the parts of an item ended; all 0 if it was not split. */
export function partsView({ split }: Pick<TaskRecord, "split">) {
  const { total, done, failed } = split ?? { total: 0, done: 0, failed: 0 };
  return { total, done, failed };
}

/** The jobs that the steps of an item started. */
export function childrenOf({ trail }: Pick<TaskRecord, "trail">): Child[] {
  return [...new Map(trail.flatMap(({ children = [] }) => children.map((one) => [one.jobId, one]))).values()];
}

export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
