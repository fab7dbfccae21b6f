import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { jobEvent, start } from "./end.ts";
import { handOut, resetTask } from "./hand-out.ts";
import { isLive, type Ledger } from "./ledger.ts";

export type Reopened =
  | { ok: true; items: number }
  | { ok: false; reason: "closed" | "nothing" | "files_gone" };

/**
 * Retry and replay: dead tasks run again, from the step at which they died, as a new run of the job.
 * What the job's `all` steps made of the earlier results is superseded.
 */
export function reopenJob(
  ledger: Ledger,
  job: JobRecord,
  items: number[] | undefined,
  now: number,
): Reopened {
  if (job.state === "cancelled" || job.state === "expired") return { ok: false, reason: "closed" };
  const tasks = ledger.tasks(job.id);
  const dead = tasks.filter((task) => task.state === "dead" && (items?.includes(task.item) ?? true));
  if (dead.length === 0) return { ok: false, reason: "nothing" };
  const files = dead.flatMap((task) => [...task.inputs, ...(task.previousFile ? [task.previousFile] : [])]);
  if (!files.every((file) => isLive(ledger.blob(file.blob), now))) return { ok: false, reason: "files_gone" };

  job.run++;
  job.state = "running";
  job.error = null;
  job.finishedAt = null;
  job.expiresAt = null;
  const jobTask = tasks.find((task) => task.item === JOB_ITEM);
  const deadItems = dead.filter((task) => task.item !== JOB_ITEM);
  if (deadItems.length > 0) {
    const each = job.plan.filter((step) => step.kind === "each").length;
    job.result = null;
    job.resultFile = null;
    job.warnings = [];
    job.failed -= deadItems.length;
    job.remaining += deadItems.length;
    job.stepsDone = Math.min(job.stepsDone, job.total * each);
    for (const task of deadItems) job.stepsDone -= each - task.step;
    if (jobTask) supersede(ledger, job, jobTask);
  }
  ledger.changedJob(job);
  ledger.append(job, "job.reopened", now, {
    ...jobEvent(job),
    run: job.run,
    items: dead.map((task) => task.item),
  });
  if (deadItems.length === 0) {
    restart(ledger, job, jobTask!);
    handOut(ledger, jobTask!, now);
  }
  for (const task of deadItems) {
    restart(ledger, job, task);
    start(ledger, job, task, now);
  }
  return { ok: true, items: dead.length };
}

/** The task begins its step again, and asks again what it asked in earlier runs. */
function restart(ledger: Ledger, job: JobRecord, task: TaskRecord): void {
  for (const { name, keepMemos } of job.plan) if (!keepMemos) ledger.dropMemos(job.id, task.item, name);
  resetTask(job, task, task.step);
}

/** The `all` step runs anew when its items have ended: until then its task is out of reach. */
function supersede(ledger: Ledger, job: JobRecord, task: TaskRecord): void {
  if (task.state === "leased") ledger.revoke(task.lease!);
  restart(ledger, job, task);
  task.generation++;
  task.state = "cancelled";
  task.lease = null;
  task.worker = null;
  task.wakeAt = null;
  ledger.changedTask(task);
}
