import { type CreateJob, filesOfJob } from "../commands.ts";
import { fetchesFiles } from "../fetching.ts";
import { specOf } from "../job-spec.ts";
import type { JobRecord, TaskRecord } from "../records.ts";
import { endItem, jobEvent, nothing, start, startAll } from "./end.ts";
import { newTask, resetTask, schedule } from "./hand-out.ts";
import { isLive, type Ledger } from "./ledger.ts";

/** Creates a job with its tasks. The caller has handled repeated ids and idempotency keys. */
export function createJob(
  ledger: Ledger,
  command: CreateJob,
): { job: JobRecord; tasks: TaskRecord[] } | "expired" {
  const blobs = [...new Set(filesOfJob(command).map((file) => file.blob))];
  if (!blobs.every((blob) => isLive(ledger.blob(blob), command.now))) return "expired";
  const total = Math.max(1, command.items.length);
  const job: JobRecord = {
    ...specOf(command),
    id: command.id,
    owner: command.owner,
    pipeline: command.pipeline,
    state: "queued",
    run: 1,
    total,
    remaining: total,
    done: 0,
    failed: 0,
    cancelled: 0,
    cached: 0,
    failedParts: 0,
    stepsDone: 0,
    result: null,
    resultFile: null,
    error: null,
    warnings: [],
    children: [],
    createdAt: command.now,
    startedAt: null,
    finishedAt: null,
    expiresAt: null,
  };
  ledger.addJob(job);
  for (const blob of blobs) ledger.refer(job.id, blob);
  for (const blob of command.pinned) ledger.unpin(blob);
  ledger.append(job, "job.created", command.now, { ...jobEvent(job), pipeline: job.pipeline });
  const tasks: TaskRecord[] = [];
  for (let item = 0; item < total; item++) {
    const source = command.items[item];
    const task = newTask(job, item, 0);
    if (source) task.name = source.name;
    if (source?.url) task.url = source.url;
    if (source?.options) task.options = source.options;
    if (source?.input) {
      task.input = source.input;
      task.inputs = [source.input];
    }
    if (source?.data) {
      task.data = source.data.value;
      task.dataFile = source.data.file;
    }
    if (source?.error) task.error = source.error;
    tasks.push(task);
    ledger.addTask(task);
  }
  begin(ledger, job, tasks, command.now);
  return { job, tasks };
}

/**
 * If the pipeline begins with an `all` step, items pass straight through to it; otherwise each begins. Items whose
 * files were refused end last, so that the job ends only if nothing else is open.
 */
function begin(ledger: Ledger, job: JobRecord, tasks: TaskRecord[], now: number): void {
  const refused = tasks.filter((task) => task.error !== null);
  const valid = tasks.filter((task) => task.error === null);
  if (job.plan[0]?.kind === "all") {
    for (const task of valid) passThrough(job, task, now);
    if (refused.length === 0) startAll(ledger, job, 0, nothing, now);
  } else {
    const fetches = fetchesFiles(job.plan);
    for (const task of valid) {
      if (fetches && task.url === null && passFetch(ledger, job, task, now)) continue;
      if (job.startAt !== null && job.startAt > now) schedule(ledger, task, job.startAt);
      else start(ledger, job, task, now);
    }
  }
  for (const task of refused) endItem(ledger, job, task, "refused", now);
}

/**
 * Skips fetching for a file that came with the job.
 * @returns whether the item has ended, because no `each` step follows
 */
function passFetch(ledger: Ledger, job: JobRecord, task: TaskRecord, now: number): boolean {
  if (job.plan[1]?.kind === "all") {
    task.outputs = task.inputs;
    endItem(ledger, job, task, "succeeded", now);
    return true;
  }
  job.stepsDone++;
  resetTask(job, task, 1);
  return false;
}

function passThrough(job: JobRecord, task: TaskRecord, now: number): void {
  task.state = "succeeded";
  task.finishedAt = now;
  task.outputs = task.inputs;
  job.done++;
  job.remaining--;
}
