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

/**
 * @param tasks of its first items, and its own where there is one
 * @param unserved names of queues that no worker takes tasks from, although some wait there
 */
export function jobView(
  job: JobRecord,
  tasks: readonly TaskRecord[],
  unserved: ReadonlySet<string> = new Set(),
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
  };
}

function waitingFor(job: JobRecord, unserved: ReadonlySet<string>): string | null {
  if (job.finishedAt !== null || !job.plan.some(({ queue }) => unserved.has(queue))) return null;
  return `No worker has version ${job.version} of ${job.pipeline}: what is left of the job waits for one.`;
}
