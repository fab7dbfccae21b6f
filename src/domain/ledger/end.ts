import {
  type CacheEntry,
  type EventType,
  INLINE_BYTES,
  inlineBytes,
  JOB_ITEM,
  type JobRecord,
  type Json,
  type PlanStep,
  type TaskRecord,
  type TrailEntry,
} from "../records.ts";
import type { JobState } from "../states.ts";
import { failureView, fileView, itemState, progressOf, warningsOf } from "../views.ts";
import { fitsName, fromEntry, itemKey, jobKey, resultId } from "./content-key.ts";
import { handOut, newTask, resetTask, schedule } from "./hand-out.ts";
import { isLive, type Ledger } from "./ledger.ts";

/**
 * The task succeeded at its present step: it moves on to the next `each` step, or ends.
 * Steps whose result is in the cache are passed at once.
 */
export function advance(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  if (task.item === JOB_ITEM) return endJobTask(ledger, job, task, now);
  const next = job.plan[task.step + 1];
  if (next?.kind !== "each") return endItem(ledger, job, task, "succeeded", now);
  const inputs = task.outputs.length > 0 ? task.outputs : task.inputs;
  const { result, resultFile } = task;
  job.stepsDone++;
  ledger.changedJob(job);
  resetTask(job, task, task.step + 1);
  task.inputs = inputs;
  task.previous = result;
  task.previousFile = resultFile;
  start(ledger, job, task, now);
}

/** Begins the present step of an item: from the cache, or by handing it out. */
export function start(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  const key = itemKey(job.plan[task.step]!, task);
  const entry = key === null ? null : usable(ledger, key, job, task, now);
  if (entry === null) return handOut(ledger, task, now);
  fromCache(ledger, job, task, entry);
  advance(ledger, job, task, now);
}

type Ended = "succeeded" | "dead" | "cancelled" | "refused";

const endEvents: Record<Ended, EventType> = {
  succeeded: "item.succeeded",
  dead: "item.failed",
  cancelled: "item.cancelled",
  refused: "item.failed",
};

/** The one way in which items end: success, death, cancellation and cache hit alike. */
export function endItem(ledger: Ledger, job: JobRecord, task: TaskRecord, state: Ended, now: number): void {
  task.cached = state === "succeeded" && task.trail.every((entry) => entry.cached);
  close(ledger, task, state, now);
  const each = job.plan.filter((step) => step.kind === "each").length;
  job.stepsDone += each - task.step;
  job.remaining--;
  if (state === "succeeded") {
    job.done++;
    if (task.cached) job.cached++;
  } else if (state === "cancelled") job.cancelled++;
  else job.failed++;
  ledger.changedJob(job);
  ledger.append(job, endEvents[state], now, itemEvent(job, task));
  if (job.remaining === 0 && state !== "cancelled") fanIn(ledger, job, now);
}

/** Every item has ended: the first `all` step begins, or the job ends. */
function fanIn(ledger: Ledger, job: JobRecord, now: number): void {
  const step = job.plan.findIndex((candidate) => candidate.kind === "all");
  if (step === -1) {
    const state = job.done === job.total ? "succeeded" : job.done > 0 ? "partial" : "failed";
    return finish(ledger, job, state, now);
  }
  const { needs, name } = job.plan[step]!;
  if (job.done === 0 || (needs === "every" && job.done < job.total)) {
    job.error = {
      code: "items_failed",
      message:
        needs === "every"
          ? `${job.failed} of ${job.total} items failed, and the step "${name}" needs them all.`
          : `All ${job.total} items failed.`,
    };
    return finish(ledger, job, "failed", now);
  }
  startAll(ledger, job, step, nothing, now);
}

/** What a step returned, as the next one reads it. */
type Returned = Pick<TaskRecord, "result" | "resultFile">;

/** What the first step gets of the one before. */
export const nothing: Returned = { result: null, resultFile: null };

/** Begins an `all` step on the job's own task. */
export function startAll(
  ledger: Ledger,
  job: JobRecord,
  step: number,
  { result, resultFile }: Returned,
  now: number,
): void {
  let task = ledger.task(job.id, JOB_ITEM);
  if (task) {
    resetTask(job, task, step);
  } else {
    task = newTask(job, JOB_ITEM, step);
    ledger.addTask(task);
  }
  task.previous = result;
  task.previousFile = resultFile;
  const plan = job.plan[step]!;
  const key =
    plan.cacheKey === null
      ? null
      : jobKey(
          plan,
          ledger.tasks(job.id).filter((item) => item.item !== JOB_ITEM),
          task,
        );
  const entry = key === null ? null : usable(ledger, key, job, task, now);
  if (entry === null) {
    if (job.startAt !== null && job.startAt > now) return schedule(ledger, task, job.startAt);
    return handOut(ledger, task, now);
  }
  fromCache(ledger, job, task, entry);
  endJobTask(ledger, job, task, now);
}

function endJobTask(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  close(ledger, task, "succeeded", now);
  job.stepsDone++;
  const { result, resultFile } = task;
  job.result = result;
  job.resultFile = resultFile;
  job.warnings = [...job.warnings, ...(task.trail.at(-1)?.warnings ?? [])];
  ledger.changedJob(job);
  if (job.plan[task.step + 1]) return startAll(ledger, job, task.step + 1, { result, resultFile }, now);
  finish(ledger, job, job.done === job.total ? "succeeded" : "partial", now);
}

/** An `all` step's task is spent: the job fails with its cause. */
export function buryJobTask(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  close(ledger, task, "dead", now);
  job.error = task.error;
  finish(ledger, job, "failed", now);
}

export function finish(
  ledger: Ledger,
  job: JobRecord,
  state: Extract<JobState, "succeeded" | "partial" | "failed" | "cancelled">,
  now: number,
): void {
  job.state = state;
  job.startedAt ??= now;
  job.finishedAt = now;
  // Only what was cancelled cannot be replayed.
  const hasDeadLetters = state === "failed" || (state === "partial" && job.failed > 0);
  job.expiresAt =
    now + (hasDeadLetters ? Math.max(job.retentionMs, job.deadLetterRetentionMs) : job.retentionMs);
  ledger.changedJob(job);
  ledger.append(job, `job.${state}`, now, jobEvent(job));
}

function close(ledger: Ledger, task: TaskRecord, state: Ended, now: number): void {
  // The lease's token stays: a settlement that is repeated after its answer was lost must find it.
  task.state = state;
  task.wakeAt = null;
  task.worker = null;
  task.finishedAt = now;
  ledger.changedTask(task);
  if (state !== "refused") ledger.drained(task.queue);
}

/** An entry that fits the task's name and its job's records, and whose files are all live. */
function usable(
  ledger: Ledger,
  key: string,
  job: JobRecord,
  task: TaskRecord,
  now: number,
): CacheEntry | null {
  const entry = ledger.cached(key);
  if (entry === null || !fitsName(entry, task) || isTooLong(entry.result, job)) return null;
  const files = entry.resultFile ? [...entry.outputs, entry.resultFile] : entry.outputs;
  return files.every((file) => isLive(ledger.blob(file.blob), now)) ? entry : null;
}

/** A job of few items keeps longer results in its records than one of many may. */
function isTooLong(result: Json, job: JobRecord): boolean {
  const most = inlineBytes(job);
  return most < INLINE_BYTES && Buffer.byteLength(JSON.stringify(result)) > most;
}

function fromCache(ledger: Ledger, job: JobRecord, task: TaskRecord, entry: CacheEntry): void {
  task.generation++;
  task.outputs = fromEntry(entry, task);
  task.result = entry.result;
  task.resultFile = entry.resultFile && { ...entry.resultFile, artifactId: resultId(task) };
  const { warnings } = entry;
  task.trail.push(trailEntry(job.plan[task.step]!, { attempt: 0, cached: true, ms: 0, warnings }));
  for (const file of task.outputs) ledger.refer(job.id, file.blob);
  if (task.resultFile) ledger.refer(job.id, task.resultFile.blob);
  ledger.putCached({ ...entry, jobId: job.id });
  ledger.changedTask(task);
}

/** How a step of a task ended. */
export function trailEntry({ name }: PlanStep, { warnings, ...entry }: Omit<TrailEntry, "step">): TrailEntry {
  return { step: name, ...entry, ...(warnings?.length ? { warnings } : {}) };
}

export function jobEvent(job: JobRecord): { [key: string]: Json } {
  return {
    jobId: job.id,
    state: job.state,
    progress: { ...progressOf(job) },
    error: failureView(job.error),
    warnings: job.warnings.map((warning) => ({ ...warning })),
  };
}

/** What the log tells of an item: all but its result, which may be large. */
export function itemEvent(job: JobRecord, task: TaskRecord): { [key: string]: Json } {
  return {
    jobId: job.id,
    index: task.item,
    progress: { ...progressOf(job) },
    name: task.name,
    state: itemState(task),
    step: job.plan[task.step]?.name ?? null,
    attempt: task.attempt,
    cached: task.cached,
    outputs: task.outputs.map((file) => ({ ...fileView(file), meta: file.meta ?? {} })),
    error: failureView(task.error),
    warnings: warningsOf(task).map((warning) => ({ ...warning })),
  };
}
