import { JOB_ITEM, type JobRecord, type TaskRecord } from "../records.ts";
import { start } from "./end.ts";
import { handOut, publish } from "./hand-out.ts";
import { isDelayed, isEnded, type Ledger, PATIENCE_MS } from "./ledger.ts";
import { loseLease } from "./settle.ts";

/** Largest multiple of `PATIENCE_MS`, for a task that was published many times. */
const MOST_PATIENCE = 16;

/** Wakes a task whose `wakeAt` has passed. */
export function wake(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): void {
  if (isEnded(job) || task.wakeAt === null || task.wakeAt > now) return;
  if (isDelayed(task) && task.item !== JOB_ITEM) start(ledger, job, task, now);
  else if (task.state === "scheduled") handOut(ledger, task, now);
  // Its delivery never led to a claim. It keeps its slot in the window. Most such tasks only wait behind long ones, so
  // each one gets more time than before.
  else if (task.state === "published")
    publish(ledger, task, now, PATIENCE_MS * Math.min(MOST_PATIENCE, task.generation + 1));
  else if (task.state === "leased") loseLease(ledger, job, task, !ledger.workerAlive(task.worker!), now);
}
