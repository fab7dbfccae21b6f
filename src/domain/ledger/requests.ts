import type { CreateJob, ReopenJob } from "../commands.ts";
import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { FIRST_ITEMS } from "../views.ts";
import { cancelJob, removeJob } from "./cancel.ts";
import { createJob } from "./create.ts";
import type { Ledger } from "./ledger.ts";
import { reopenJob } from "./reopen.ts";

/** Client requests about jobs: ownership checks, answers to repeated requests, and the wording of refusals. */

export interface Refusal {
  ok: false;
  code: "not_found" | "gone" | "idempotency_mismatch" | "job_ended" | "job_not_retryable";
  message: string;
}

export type Answered<T = unknown> = ({ ok: true } & T) | Refusal;

/** `created` is false if the request was already known by its id or idempotency key. */
export function requestJob(
  ledger: Ledger,
  command: CreateJob,
): Answered<{ job: JobRecord; items: TaskRecord[]; created: boolean }> {
  const { id, now, owner, idempotency } = command;
  const repeated = ledger.job(id);
  if (repeated) return known(ledger, repeated);
  const use = idempotency && ledger.idempotencyKey(owner, idempotency.key, now);
  const earlier = use && ledger.job(use.jobId);
  if (earlier) {
    return use.fingerprint === idempotency!.fingerprint
      ? known(ledger, earlier)
      : refuse("idempotency_mismatch", "This Idempotency-Key was used for another request; use a new one.");
  }
  const made = createJob(ledger, command);
  if (made === "expired") return refuse("gone", "A file of this request no longer exists. Upload it again.");
  if (idempotency) ledger.keepIdempotencyKey({ ...idempotency, owner, jobId: id });
  if (command.reservation) ledger.releaseReservation(command.reservation);
  const items = copies([...ownTask(ledger, made.job), ...made.tasks.slice(0, FIRST_ITEMS)]);
  return { ok: true, job: { ...made.job }, items, created: true };
}

interface OnJob {
  /** `null`: an operator, for any owner. */
  owner: string | null;
  id: string;
  now: number;
}

export function requestCancel(ledger: Ledger, { owner, id, now }: OnJob): Answered {
  const job = owned(ledger, owner, id);
  if (!job) return notFound();
  const outcome = cancelJob(ledger, job, now);
  return outcome === "ended"
    ? refuse("job_ended", `The job has already ended (${job.state}).`)
    : { ok: true };
}

export function requestReopening(
  ledger: Ledger,
  { owner, id, items, now }: ReopenJob,
): Answered<{ items: number }> {
  const job = owned(ledger, owner, id);
  if (!job) return notFound();
  const reopened = reopenJob(ledger, job, items, now);
  if (reopened.ok) return reopened;
  if (reopened.reason === "files_gone") return refuse("gone", "The files of the failed items have expired.");
  if (reopened.reason === "nothing") return refuse("job_not_retryable", "No item of this job has failed.");
  return refuse("job_not_retryable", `A job that is ${job.state} cannot run again.`);
}

export function requestRemoval(ledger: Ledger, { owner, id, now }: OnJob): Answered {
  const job = owned(ledger, owner, id);
  if (!job) return notFound();
  removeJob(ledger, job, now);
  return { ok: true };
}

function owned(ledger: Ledger, owner: string | null, id: string): JobRecord | null {
  const job = ledger.job(id);
  return job && (owner === null || job.owner === owner) ? job : null;
}

function known(ledger: Ledger, job: JobRecord) {
  const first = ledger.firstTasks(job.id, Math.min(FIRST_ITEMS, job.total));
  const items = copies([...ownTask(ledger, job), ...first]);
  return { ok: true as const, job: { ...job }, items, created: false };
}

/** The job's own task, for `all` steps, once the items have ended. */
function ownTask(ledger: Ledger, job: JobRecord): TaskRecord[] {
  if (job.remaining > 0 || !job.plan.some((step) => step.kind === "all")) return [];
  const task = ledger.task(job.id, JOB_ITEM);
  return task ? [task] : [];
}

/** Copies the tasks, because a later command of the same transaction may change the records. */
function copies(tasks: readonly TaskRecord[]): TaskRecord[] {
  return tasks.map((task) => ({ ...task }));
}

function refuse(code: Refusal["code"], message: string): Refusal {
  return { ok: false, code, message };
}

function notFound(): Refusal {
  return refuse("not_found", "There is no such job.");
}
