import type { NewChild } from "../commands.ts";
import type { Child } from "../records.ts";
import { createJob } from "./create.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Creates the jobs that a step started, in the transaction that settles the step. A job that already exists was created
 * by an earlier success of the same step. The caller has ensured that their files are live.
 */
export function startChildren(ledger: Ledger, children: readonly NewChild[], now: number): Child[] {
  return children.map(({ key, job }) => {
    if (ledger.job(job.id) === null) createJob(ledger, { ...job, now });
    else for (const blob of job.pinned) ledger.unpin(blob);
    return { key, jobId: job.id, pipeline: job.pipeline };
  });
}
