import type { Claim } from "../commands.ts";
import { parseTaskId } from "../ids.ts";
import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { isOpen } from "../states.ts";
import { itemEvent, jobEvent } from "./end.ts";
import { isEnded, type Ledger } from "./ledger.ts";

export type Claimed =
  | { claimed: true; task: TaskRecord; job: JobRecord }
  | { claimed: false; reason: "ended" | "not_due" | "old_generation" | "leased" };

/** Claims a task for a worker. The delivery that brought it here was only a hint. */
export function claim(ledger: Ledger, command: Claim): Claimed {
  const id = parseTaskId(command.taskId);
  const job = id && ledger.job(id.jobId);
  const task = job && ledger.task(id.jobId, id.item);
  if (!task || isEnded(job) || !isOpen(task)) return { claimed: false, reason: "ended" };
  if (task.generation !== command.generation) return { claimed: false, reason: "old_generation" };
  if (task.state === "leased") {
    // The same claim again, because its answer was lost.
    if (task.lease === command.lease) return { claimed: true, task, job };
    return { claimed: false, reason: "leased" };
  }
  // An item with running parts keeps its generation, so its own delivery may come again.
  if (task.state === "scheduled" || task.state === "split") return { claimed: false, reason: "not_due" };
  task.state = "leased";
  task.attempt++;
  task.lease = command.lease;
  task.worker = command.worker;
  task.wakeAt = command.now + command.leaseMs;
  task.startedAt = command.now;
  ledger.changedTask(task);
  if (job.state === "queued" || job.startedAt === null) {
    job.state = "running";
    job.startedAt ??= command.now;
    ledger.changedJob(job);
    ledger.append(job, "job.started", command.now, jobEvent(job));
  }
  if (task.item > JOB_ITEM) ledger.append(job, "item.started", command.now, itemEvent(job, task));
  return { claimed: true, task, job };
}
