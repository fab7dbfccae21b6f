import { JOB_ITEM, type JobRecord } from "../records.ts";
import { isOpen } from "../states.ts";
import { endItem, finish, jobEvent } from "./end.ts";
import { isEnded, type Ledger } from "./ledger.ts";
import { cancelParts } from "./parts.ts";

/** Ends everything that is open and revokes its leases; no later step starts. */
export function cancelJob(ledger: Ledger, job: JobRecord, now: number): "cancelled" | "ended" {
  if (isEnded(job)) return "ended";
  cancelParts(ledger, job, now);
  for (const task of ledger.tasks(job.id)) {
    if (!isOpen(task)) continue;
    if (task.state === "leased") ledger.revoke(task.lease!);
    task.lease = null;
    if (task.item === JOB_ITEM) {
      task.state = "cancelled";
      task.wakeAt = null;
      task.finishedAt = now;
      ledger.changedTask(task);
    } else {
      endItem(ledger, job, task, "cancelled", now);
    }
  }
  finish(ledger, job, "cancelled", now);
  return "cancelled";
}

/** Drops the job's files, which are past their retention. */
export function expireJob(ledger: Ledger, job: JobRecord, now: number): void {
  job.state = "expired";
  ledger.changedJob(job);
  ledger.dropFiles(job.id);
  ledger.append(job, "job.expired", now, jobEvent(job));
}

/** Deletes a job; cancels it first if it has not ended. */
export function removeJob(ledger: Ledger, job: JobRecord, now: number): void {
  if (!isEnded(job)) cancelJob(ledger, job, now);
  ledger.dropFiles(job.id);
  ledger.dropJob(job.id);
}
