import { failedMessage } from "../failed-message.ts";
import { FETCH_STEP } from "../fetching.ts";
import { isPart, itemSteps, joinOf, partAt } from "../parts.ts";
import { type EventType, JOB_ITEM, type JobRecord, type Json, type TaskRecord } from "../records.ts";
import type { JobState } from "../states.ts";
import { failureView, fileView, itemState, partsView, progressOf, warningsOf } from "../views.ts";
import { deleteInputs } from "./delete-inputs.ts";
import { contentKey, fromCache, usable } from "./from-cache.ts";
import { handOut, newTask, resetTask, schedule } from "./hand-out.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Moves a task that succeeded at its current step to the next `each` step, or ends it. Skips steps whose result is
 * cached.
 */
export function advance(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  if (task.item === JOB_ITEM) return endJobTask(ledger, job, task, now);
  const next = job.plan[task.step + 1];
  if (next === undefined || next.kind === "all") return endItem(ledger, job, task, "succeeded", now);
  if (next.kind === "join") return endPart(ledger, job, task, "succeeded", now);
  const inputs = task.outputs.length > 0 ? task.outputs : task.inputs;
  const { result, resultFile } = task;
  if (!isPart(task)) {
    job.stepsDone++;
    ledger.changedJob(job);
  }
  if (job.plan[task.step]!.kind === "join") keepJoined(task);
  resetTask(job, task, task.step + 1);
  task.inputs = inputs;
  task.previous = result;
  task.previousFile = resultFile;
  start(ledger, job, task, now);
}

/** Begins the current step of an item or a part: from the cache, or by handing it out. */
export function start(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  const key = contentKey(ledger, job, task);
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

/** The only way for items to end: success, death, cancellation and cache hits alike. */
export function endItem(ledger: Ledger, job: JobRecord, task: TaskRecord, state: Ended, now: number): void {
  task.cached = state === "succeeded" && wasCached(task);
  close(ledger, task, state, now);
  job.stepsDone += itemSteps(job.plan) - task.step;
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

/** The only way for parts to end, except cancellation. The last part to end begins the join. */
export function endPart(
  ledger: Ledger,
  job: JobRecord,
  part: TaskRecord,
  state: "succeeded" | "dead",
  now: number,
): void {
  part.cached = state === "succeeded" && part.trail.every((entry) => entry.cached);
  close(ledger, part, state, now);
  const item = ledger.task(job.id, partAt(part.item)!.item)!;
  const split = { ...item.split! };
  if (state === "succeeded") split.done++;
  else {
    split.failed++;
    job.failedParts++;
    ledger.changedJob(job);
  }
  item.split = split;
  ledger.changedTask(item);
  if (split.done + split.failed === split.total) join(ledger, job, item, now);
}

/** All parts have ended: the item continues at its join, or fails for lack of parts. */
export function join(ledger: Ledger, job: JobRecord, item: TaskRecord, now: number): void {
  const { step, total, done, failed } = item.split!;
  const at = joinOf(job.plan, step);
  const { needs } = job.plan[at]!;
  // While it waited, the item was not counted in its queue.
  ledger.drained(item.queue);
  job.stepsDone += at - step;
  ledger.changedJob(job);
  resetTask(job, item, at);
  if (failed === 0 || (done > 0 && needs === "some")) return start(ledger, job, item, now);
  item.error = { code: "parts_failed", message: failedMessage("part", { failed, total }, job.plan[at]!) };
  endItem(ledger, job, item, "dead", now);
}

/** Saves the join's inputs as the item leaves it, in case parts run again. */
function keepJoined(item: TaskRecord): void {
  const { inputs, previous, previousFile } = item;
  item.split = { ...item.split!, before: { inputs, previous, previousFile } };
}

/** Whether every step of its pipeline was a cache hit; fetching its file does not count. */
function wasCached({ trail }: TaskRecord): boolean {
  const own = trail.filter(({ step }) => step !== FETCH_STEP);
  return own.length > 0 && own.every((entry) => entry.cached);
}

/** All items have ended: begins the first `all` step, or ends the job. */
function fanIn(ledger: Ledger, job: JobRecord, now: number): void {
  const step = job.plan.findIndex((candidate) => candidate.kind === "all");
  if (step === -1) {
    const state = job.done === job.total ? "succeeded" : job.done > 0 ? "partial" : "failed";
    return finish(ledger, job, state, now);
  }
  const { needs } = job.plan[step]!;
  if (job.done === 0 || (needs === "every" && job.done < job.total)) {
    job.error = { code: "items_failed", message: failedMessage("item", job, job.plan[step]!) };
    return finish(ledger, job, "failed", now);
  }
  startAll(ledger, job, step, nothing, now);
}

/** A step's return value, as the next step reads it. */
type Returned = Pick<TaskRecord, "result" | "resultFile">;

/** What the first step gets as the previous result. */
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
  const key = contentKey(ledger, job, task);
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
  const { warnings = [], children = [] } = task.trail.at(-1) ?? {};
  job.warnings = [...job.warnings, ...warnings];
  // A step that ran again reports the jobs that it started before.
  const known = new Set(job.children.map((child) => child.jobId));
  job.children = [...job.children, ...children.filter((child) => !known.has(child.jobId))];
  ledger.changedJob(job);
  if (job.plan[task.step + 1]) return startAll(ledger, job, task.step + 1, { result, resultFile }, now);
  finish(ledger, job, job.done === job.total ? "succeeded" : "partial", now);
}

/** Fails the job with the cause of its `all` step's failure, after the last attempt. */
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
  if (state === "succeeded" && job.deleteInputs) deleteInputs(ledger, job);
  job.state = state;
  job.startedAt ??= now;
  job.finishedAt = now;
  // Cancelled jobs alone cannot be replayed.
  const hasDeadLetters = state === "failed" || (state !== "cancelled" && job.failed + job.failedParts > 0);
  job.expiresAt =
    now + (hasDeadLetters ? Math.max(job.retentionMs, job.deadLetterRetentionMs) : job.retentionMs);
  ledger.changedJob(job);
  ledger.append(job, `job.${state}`, now, jobEvent(job));
}

export function close(ledger: Ledger, task: TaskRecord, state: Ended, now: number): void {
  // The lease token stays: a settlement that is repeated because its answer was lost must find it.
  task.state = state;
  task.wakeAt = null;
  task.worker = null;
  task.finishedAt = now;
  ledger.changedTask(task);
  if (state !== "refused") ledger.drained(task.queue);
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

/** An item in the log: everything but its result, which may be large. */
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
    ...(task.split && { parts: { ...partsView(task) } }),
  };
}
