import { attemptRecord } from "../attempts.ts";
import { backoffMs } from "../backoff.ts";
import { filesOfJob, type Outcome, type Settle } from "../commands.ts";
import { FETCH_STEP } from "../fetching.ts";
import { parseTaskId } from "../ids.ts";
import { isPart } from "../parts.ts";
import { type Failure, type FileRef, JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { startChildren } from "./children.ts";
import { toEntry } from "./content-key.ts";
import { advance, buryJobTask, endItem, endPart, itemEvent } from "./end.ts";
import { contentKey } from "./from-cache.ts";
import { handOut, schedule } from "./hand-out.ts";
import { isLive, type Ledger, MAX_DEATHS } from "./ledger.ts";
import { splitItem } from "./parts.ts";
import { trailEntry } from "./trail.ts";

/** A worker's report on its attempt. Ignored without the lease. */
export function settle(ledger: Ledger, command: Settle): "settled" | "stale" {
  const id = parseTaskId(command.taskId);
  const job = id && ledger.job(id.jobId);
  const task = job && ledger.task(id.jobId, id.item);
  if (!task || task.lease !== command.lease) return "stale";
  if (task.state !== "leased") return task.state === "cancelled" ? "stale" : "settled";
  const { outcome, now } = command;
  switch (outcome.kind) {
    case "succeeded":
      succeed(ledger, job, task, outcome, now);
      break;
    case "failed":
      fail(ledger, job, task, outcome, now);
      break;
    case "returned":
      giveBack(ledger, task, outcome.delayMs, now);
      break;
    case "died":
      dieAlone(ledger, job, task, now);
      break;
  }
  return "settled";
}

function succeed(
  ledger: Ledger,
  job: JobRecord,
  task: TaskRecord,
  outcome: Extract<Outcome, { kind: "succeeded" }>,
  now: number,
): void {
  const { result, resultFile, outputs, parts = [], children: started = [] } = outcome;
  const written = [...outputs, ...parts.flatMap((part) => part.dataFile ?? [])];
  if (resultFile) written.push(resultFile);
  const needed = [...written, ...started.flatMap((child) => filesOfJob(child.job))];
  if (!needed.every((file) => isLive(ledger.blob(file.blob), now))) {
    const error = {
      code: "unavailable",
      message: "A file that the step wrote was deleted before the step ended.",
    };
    return fail(
      ledger,
      job,
      task,
      { kind: "failed", error, retryable: true, random: 0, ms: outcome.ms },
      now,
    );
  }
  const step = job.plan[task.step]!;
  task.outputs = outputs;
  task.result = result;
  task.resultFile = resultFile;
  task.error = null;
  if (step.name === FETCH_STEP) becomeInput(task, outputs[0]);
  const { warnings } = outcome;
  // Before the step's own files are unpinned, because a child may use them as input.
  const children = startChildren(ledger, started, now);
  const { attempt, worker } = task;
  const ran = { attempt, cached: false, ms: outcome.ms, ...(worker !== null && { worker }) };
  task.trail.push(trailEntry(job, step, { ...ran, warnings, children }));
  for (const file of written) {
    ledger.refer(job.id, file.blob);
    ledger.unpin(file.blob);
  }
  if (outcome.cache && started.length === 0) {
    const key = contentKey(ledger, job, task);
    if (key !== null) ledger.putCached(toEntry(key, task, outcome));
  }
  ledger.changedTask(task);
  if (step.kind === "split") splitItem(ledger, job, task, outcome.parts ?? [], now);
  else advance(ledger, job, task, now);
}

/** From here on the fetched file is treated like one that came with the job. */
function becomeInput(task: TaskRecord, fetched: FileRef | undefined): void {
  task.input = fetched ?? null;
  if (fetched) task.name = fetched.name;
}

function fail(
  ledger: Ledger,
  job: JobRecord,
  task: TaskRecord,
  outcome: Extract<Outcome, { kind: "failed" }>,
  now: number,
): void {
  const step = job.plan[task.step]!;
  task.error = outcome.error;
  const { error, ms } = outcome;
  ledger.keepAttempt(attemptRecord(job, task, { outcome: "failed", error, ms }, now));
  if (!outcome.retryable || task.attempt >= step.attempts) return bury(ledger, job, task, now);
  const wait = Math.max(backoffMs(task.attempt, step.backoff, outcome.random), outcome.retryAfterMs ?? 0);
  schedule(ledger, task, now + wait);
  if (task.item > JOB_ITEM) {
    ledger.append(job, "item.retrying", now, {
      ...itemEvent(job, task),
      retryAt: new Date(now + wait).toISOString(),
    });
  }
}

/** Makes the task a dead letter, kept with its cause and replayable. */
export function bury(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  if (task.item === JOB_ITEM) buryJobTask(ledger, job, task, now);
  else if (isPart(task)) endPart(ledger, job, task, "dead", now);
  else endItem(ledger, job, task, "dead", now);
}

/** Returns a task without charging the attempt, because the task is not to blame. */
function giveBack(ledger: Ledger, task: TaskRecord, delayMs: number, now: number): void {
  task.attempt--;
  if (delayMs > 0) schedule(ledger, task, now + delayMs);
  else handOut(ledger, task, now);
}

/**
 * Handles a lease that lapsed: its worker died or lost contact. No attempt is charged. Any of the worker's tasks may
 * have caused its death, so each becomes a suspect.
 */
export function loseLease(
  ledger: Ledger,
  job: JobRecord,
  task: TaskRecord,
  died: boolean,
  now: number,
): void {
  ledger.keepAttempt(attemptRecord(job, task, { outcome: "lost", error: null }, now));
  task.lease = null;
  task.attempt--;
  task.suspect ||= died;
  handOut(ledger, task, now);
}

/** The process that ran only this task died, so this task is to blame. */
function dieAlone(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  ledger.keepAttempt(attemptRecord(job, task, { outcome: "died", error: null }, now));
  task.attempt--;
  task.deaths++;
  if (task.deaths < MAX_DEATHS) return handOut(ledger, task, now);
  task.error = deathOf(task.deaths);
  bury(ledger, job, task, now);
}

function deathOf(deaths: number): Failure {
  return {
    code: "worker_died",
    message: `This task crashed its process ${deaths} times while no other task ran there, so it is not retried.`,
  };
}
