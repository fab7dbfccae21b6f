import { itemSteps, partAt } from "../parts.ts";
import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { jobEvent, start } from "./end.ts";
import { handOut, resetTask } from "./hand-out.ts";
import { isLive, type Ledger } from "./ledger.ts";
import { partsToReopen, waitAgain } from "./parts.ts";

export type Reopened =
  | { ok: true; items: number }
  | { ok: false; reason: "closed" | "nothing" | "files_gone" };

/**
 * Retry and replay: runs dead tasks again, from the step at which they died, as a new run of the job. Supersedes what
 * the job's `all` steps made of the earlier results.
 */
export function reopenJob(
  ledger: Ledger,
  job: JobRecord,
  items: number[] | undefined,
  now: number,
): Reopened {
  if (job.state === "cancelled" || job.state === "expired") return { ok: false, reason: "closed" };
  const tasks = ledger.tasks(job.id);
  const isNamed = (number: number) => items?.includes(number) ?? true;
  const dead = tasks.filter((task) => task.state === "dead" && isNamed(task.item));
  const parts = partsToReopen(ledger, job, isNamed, dead);
  if (dead.length + parts.length === 0) return { ok: false, reason: "nothing" };
  if (!areFilesLive(ledger, [...dead, ...parts], now)) return { ok: false, reason: "files_gone" };

  job.run++;
  job.state = "running";
  job.error = null;
  job.finishedAt = null;
  job.expiresAt = null;
  const jobTask = tasks.find((task) => task.item === JOB_ITEM);
  const waiting = Map.groupBy(parts, (part) => partAt(part.item)!.item);
  const deadItems = dead.filter((task) => task.item !== JOB_ITEM && !waiting.has(task.item));
  const someItems = deadItems.length + waiting.size > 0;
  if (someItems) {
    const each = itemSteps(job.plan);
    job.result = null;
    job.resultFile = null;
    job.warnings = [];
    job.failed -= deadItems.length;
    job.remaining += deadItems.length;
    job.stepsDone = Math.min(job.stepsDone, job.total * each);
    for (const task of deadItems) job.stepsDone -= each - task.step;
    for (const [item, its] of waiting) {
      const task = tasks.find((one) => one.item === item)!;
      dropMemos(ledger, job, task);
      waitAgain(ledger, job, task, its.length);
    }
    if (jobTask) supersede(ledger, job, jobTask);
  }
  const reopened = [...new Set([...dead.map((task) => task.item), ...waiting.keys()])];
  ledger.changedJob(job);
  ledger.append(job, "job.reopened", now, {
    ...jobEvent(job),
    run: job.run,
    items: reopened,
  });
  if (!someItems) {
    restart(ledger, job, jobTask!);
    handOut(ledger, jobTask!, now);
  }
  for (const task of [...deadItems, ...parts]) {
    restart(ledger, job, task);
    start(ledger, job, task, now);
  }
  return { ok: true, items: reopened.length };
}

function areFilesLive(ledger: Ledger, tasks: readonly TaskRecord[], now: number): boolean {
  const files = tasks.flatMap(({ inputs, dataFile, previousFile, part }) => [
    ...inputs,
    ...[dataFile, previousFile, part?.dataFile].filter((file) => file != null),
  ]);
  ledger.expect({ blobs: files.map((file) => file.blob) });
  return files.every((file) => isLive(ledger.blob(file.blob), now));
}

/** Begins the task's step again, and drops the memos of earlier runs unless the step keeps them. */
function restart(ledger: Ledger, job: JobRecord, task: TaskRecord): void {
  dropMemos(ledger, job, task);
  resetTask(job, task, task.step);
}

function dropMemos(ledger: Ledger, job: JobRecord, task: TaskRecord): void {
  for (const { name, keepMemos } of job.plan) if (!keepMemos) ledger.dropMemos(job.id, task.item, name);
}

/** The `all` step runs again after its items have ended; until then nobody can claim its task. */
function supersede(ledger: Ledger, job: JobRecord, task: TaskRecord): void {
  if (task.state === "leased") ledger.revoke(task.lease!);
  restart(ledger, job, task);
  task.trail = [];
  task.generation++;
  task.state = "cancelled";
  task.lease = null;
  task.worker = null;
  task.wakeAt = null;
  ledger.changedTask(task);
}
