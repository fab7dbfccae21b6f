import { traitsOf } from "./job-spec.ts";
import { itemSteps, partAt } from "./parts.ts";
import type { Child, Failure, FileRef, JobRecord, Json, TaskRecord, Warning } from "./records.ts";
import { JOB_ITEM } from "./records.ts";
import type { ItemState, JobState } from "./states.ts";

/** What clients read of the records: the shapes of the HTTP contract. Also the data of events. */

/** Items that a job itself carries; the rest is read in pages. */
export const FIRST_ITEMS = 100;

export interface Progress {
  total: number;
  done: number;
  failed: number;
  cached: number;
  /** 0 to 1: steps ended, of all steps of all items. */
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

/** What the steps of an item warned of, in their order. */
export function warningsOf({ trail }: Pick<TaskRecord, "trail">): Warning[] {
  return trail.flatMap((entry) => entry.warnings ?? []);
}

/** How the parts of an item ended; all 0 where it was not split. */
export function partsView({ split }: Pick<TaskRecord, "split">) {
  const { total, done, failed } = split ?? { total: 0, done: 0, failed: 0 };
  return { total, done, failed };
}

/** The jobs that the steps of an item started. */
export function childrenOf({ trail }: Pick<TaskRecord, "trail">): Child[] {
  return [...new Map(trail.flatMap(({ children = [] }) => children.map((one) => [one.jobId, one]))).values()];
}

/** Whose step started a job; `index` is `null` for an `all` step. */
export function parentView({ parent }: Pick<JobRecord, "parent">) {
  if (parent === null) return null;
  const { jobId, item, step } = parent;
  return { jobId, index: item === JOB_ITEM ? null : item, step };
}

export function itemView(job: JobRecord, task: TaskRecord) {
  return {
    index: task.item,
    name: task.name,
    state: itemState(task),
    step: job.plan[task.step]?.name ?? null,
    attempt: task.attempt,
    cached: task.cached,
    url: task.url,
    input: task.input && fileView(task.input),
    data: task.data,
    dataFile: task.dataFile && fileView(task.dataFile),
    outputs: task.outputs.map(fileView),
    result: task.result,
    resultFile: task.resultFile && fileView(task.resultFile),
    error: failureView(task.error),
    warnings: warningsOf(task),
    children: childrenOf(task),
    parts: partsView(task),
  };
}

export function partView(job: JobRecord, task: TaskRecord) {
  const part = task.part!;
  return {
    index: partAt(task.item)!.part,
    name: task.name,
    state: itemState(task),
    step: job.plan[task.step]?.name ?? null,
    attempt: task.attempt,
    cached: task.cached,
    data: part.data,
    dataFile: part.dataFile && fileView(part.dataFile),
    files: part.files.map(fileView),
    outputs: task.outputs.map(fileView),
    result: task.result,
    resultFile: task.resultFile && fileView(task.resultFile),
    error: failureView(task.error),
    warnings: warningsOf(task),
  };
}

/** @param unserved names of queues that no worker takes tasks from, although some wait there */
export function jobView(
  job: JobRecord,
  items: readonly TaskRecord[],
  unserved: ReadonlySet<string> = new Set(),
) {
  return {
    id: job.id,
    pipeline: job.pipeline,
    pipelineVersion: job.version,
    state: job.state as JobState,
    options: job.options as Json,
    ...traitsOf(job),
    run: job.run,
    waiting: waitingFor(job, unserved),
    progress: progressOf(job),
    items: items.filter((task) => task.item !== JOB_ITEM).map((task) => itemView(job, task)),
    result: job.result,
    resultFile: job.resultFile && fileView(job.resultFile),
    error: failureView(job.error),
    warnings: job.warnings,
    parent: parentView(job),
    children: job.children,
    createdAt: iso(job.createdAt),
    startAt: iso(job.startAt),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finishedAt),
    expiresAt: iso(job.expiresAt),
  };
}

function waitingFor(job: JobRecord, unserved: ReadonlySet<string>): string | null {
  if (job.finishedAt !== null || !job.plan.some(({ queue }) => unserved.has(queue))) return null;
  return `No worker has version ${job.version} of ${job.pipeline}: what is left of the job waits for one.`;
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
