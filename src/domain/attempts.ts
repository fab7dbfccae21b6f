import type { AttemptRecord, Failure, JobRecord, TaskRecord } from "./records.ts";

/** Attempts that came to nothing, as they are kept: the last ones of each task, and short. */

/** Of one task. */
export const KEPT_ATTEMPTS = 20;
/** Characters of what an attempt's error says, its stack trace among it. */
export const ATTEMPT_CHARACTERS = 4_000;
/** Of all attempts that a job is likely to need, whatever its items and parts: an upper bound on what fails at once. */
const JOB_CHARACTERS = 64 * 1024 * 1024;
/** However many items a job has. */
const LEAST_CHARACTERS = 500;

/** The record of the attempt that holds the task's lease, and has just come to nothing. */
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
