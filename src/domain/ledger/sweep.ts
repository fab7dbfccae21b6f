import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { start } from "./end.ts";
import { handOut, publish } from "./hand-out.ts";
import { isEnded, type Ledger } from "./ledger.ts";
import { loseLease } from "./settle.ts";

/** A task whose `wakeAt` has come. */
export function wake(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  if (isEnded(job) || task.wakeAt === null || task.wakeAt > now) return;
  if (task.state === "scheduled" && task.attempt === 0 && task.item !== JOB_ITEM)
    start(ledger, job, task, now);
  else if (task.state === "scheduled") handOut(ledger, task, now);
  // Its delivery never came to a claim. It keeps its place in the window.
  else if (task.state === "published") publish(ledger, task, now);
  else if (task.state === "leased") loseLease(ledger, job, task, !ledger.workerAlive(task.worker!), now);
}
