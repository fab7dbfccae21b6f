import {
  type CacheEntry,
  INLINE_BYTES,
  JOB_ITEM,
  type JobRecord,
  type Json,
  resultBytes,
  type TaskRecord,
} from "../records.ts";
import { partStates } from "../states.ts";
import { fitsName, fromEntry, itemKey, jobKey, joinKey, resultId } from "./content-key.ts";
import { isLive, type Ledger } from "./ledger.ts";
import { trailEntry } from "./trail.ts";

/** The content key of a task at its current step; `null` if the step is not cached. */
export function contentKey(ledger: Ledger, job: JobRecord, task: TaskRecord): string | null {
  const step = job.plan[task.step]!;
  if (step.cacheKey === null) return null;
  if (step.kind === "all") {
    const items = ledger.tasks(job.id).filter((item) => item.item !== JOB_ITEM);
    return jobKey(step, items, task);
  }
  if (step.kind === "join") {
    return joinKey(step, ledger.parts(job.id, { item: task.item, states: partStates }), task);
  }
  return itemKey(step, task);
}

/** A cache entry that fits the task's name and its job's record size, and whose files are all live. */
export function usable(
  ledger: Ledger,
  key: string,
  job: JobRecord,
  task: TaskRecord,
  now: number,
): CacheEntry | null {
  const entry = ledger.cached(key);
  if (entry === null || !fitsName(entry, task) || isTooLong(entry.result, job, task)) return null;
  const files = entry.resultFile ? [...entry.outputs, entry.resultFile] : entry.outputs;
  return files.every((file) => isLive(ledger.blob(file.blob), now)) ? entry : null;
}

/** A job with few items or a single step may keep longer results in its records than a larger job. */
function isTooLong(result: Json, job: JobRecord, task: TaskRecord): boolean {
  const most = resultBytes(job, task);
  return most < INLINE_BYTES && Buffer.byteLength(JSON.stringify(result)) > most;
}

export function fromCache(ledger: Ledger, job: JobRecord, task: TaskRecord, entry: CacheEntry): void {
  task.generation++;
  task.outputs = fromEntry(entry, task);
  task.result = entry.result;
  task.resultFile = entry.resultFile && { ...entry.resultFile, artifactId: resultId(task) };
  const { warnings } = entry;
  task.trail.push(trailEntry(job, job.plan[task.step]!, { attempt: 0, cached: true, ms: 0, warnings }));
  for (const file of task.outputs) ledger.refer(job.id, file.blob);
  if (task.resultFile) ledger.refer(job.id, task.resultFile.blob);
  ledger.putCached({ ...entry, jobId: job.id });
  ledger.changedTask(task);
}
