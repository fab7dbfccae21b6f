import type { AttemptRecord, Failure, JobRecord, TaskRecord } from "./records.ts";

/** Records of failed attempts: only the latest of each task, and short. */

/** Attempts kept per task. */
export const KEPT_ATTEMPTS = 20;
/** Longest error text of an attempt, including its stack trace, in characters. */
export const ATTEMPT_CHARACTERS = 4_000;
/** Size limit on the attempts of one job, over all its items and parts: it bounds the damage when everything fails. */
const JOB_CHARACTERS = 64 * 1024 * 1024;
/** Shortest limit per attempt, however many items the job has. */
const LEAST_CHARACTERS = 500;

/** The record of the attempt that holds the task's lease and has just failed. */
export function attemptRecord(
  job: JobRecord,
  task: TaskRecord,
  ended: Pick<AttemptRecord, "outcome" | "error"> & { ms?: number },
  now: number,
): AttemptRecord {
  const { jobId, item, generation, run, attempt, worker, startedAt } = task;
  const step = job.plan[task.step]!;
  const share = Math.floor(JOB_CHARACTERS / (job.total * (task.part?.total ?? 1) * step.attempts));
  const most = Math.min(ATTEMPT_CHARACTERS, Math.max(LEAST_CHARACTERS, share));
  const ms = ended.ms ?? Math.max(0, now - (startedAt ?? now));
  const error = ended.error && shortened(ended.error, most);
  return {
    jobId,
    item,
    generation,
    step: step.name,
    run,
    attempt,
    worker,
    startedAt,
    ms,
    outcome: ended.outcome,
    error,
  };
}

function shortened({ code, message, detail }: Failure, most: number): Failure {
  const short = cut(message, most);
  const left = most - short.length;
  return { code, message: short, ...(detail !== undefined && left > 0 && { detail: cut(detail, left) }) };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
