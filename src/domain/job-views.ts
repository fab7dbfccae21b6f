import { traitsOf } from "./job-spec.ts";
import { partAt } from "./parts.ts";
import { JOB_ITEM, type JobRecord, type Json, type TaskRecord } from "./records.ts";
import type { JobState } from "./states.ts";
import { jobOutputs, stepsView } from "./step-views.ts";
import {
  childrenOf,
  FIRST_ITEMS,
  failureView,
  fileView,
  iso,
  itemState,
  partsView,
  progressOf,
  warningsOf,
} from "./views.ts";

/** Jobs, items and parts as clients read them. */

/** The step that started a job; `index` is `null` for an `all` step. */
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
    options: task.options?.value ?? null,
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
    steps: stepsView(job, task),
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
    steps: stepsView(job, task),
  };
}

/** What is known about a job besides its records. */
export interface JobFacts {
  /** Queues in which tasks wait although no worker consumes them. @default none */
  unserved?: ReadonlySet<string>;
  /** Pass it if the items are not at hand. */
  firstItem?: string | null | undefined;
  /** When its archive was last downloaded. @default never */
  downloadedAt?: number | null | undefined;
}

/** @param tasks those of its first items, and its own if it has one */
export function jobView(
  job: JobRecord,
  tasks: readonly TaskRecord[],
  { unserved = new Set(), firstItem, downloadedAt = null }: JobFacts = {},
) {
  const own = tasks.find((task) => task.item === JOB_ITEM);
  const items = tasks.filter((task) => task.item !== JOB_ITEM).slice(0, FIRST_ITEMS);
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
    firstItem: firstItem ?? (items[0]?.name || null),
    items: items.map((task) => itemView(job, task)),
    result: job.result,
    resultFile: job.resultFile && fileView(job.resultFile),
    outputs: jobOutputs(job, own).map(fileView),
    error: failureView(job.error),
    warnings: job.warnings,
    steps: own ? stepsView(job, own) : [],
    parent: parentView(job),
    children: job.children,
    createdAt: iso(job.createdAt),
    startAt: iso(job.startAt),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finishedAt),
    expiresAt: iso(job.expiresAt),
    archive: { downloadedAt: iso(downloadedAt) },
  };
}

function waitingFor(job: JobRecord, unserved: ReadonlySet<string>): string | null {
  if (job.finishedAt !== null || !job.plan.some(({ queue }) => unserved.has(queue))) return null;
  return `No worker runs version ${job.version} of ${job.pipeline}. The rest of the job waits for one that does.`;
}
