import type { NewPart } from "../commands.ts";
import { parseTaskId } from "../ids.ts";
import { itemSteps, partAt, partNumber } from "../parts.ts";
import type { JobRecord, TaskRecord } from "../records.ts";
import { isOpen, openPartStates } from "../states.ts";
import { partsView } from "../views.ts";
import { itemKey } from "./content-key.ts";
import { close, join, start } from "./end.ts";
import { newTask, resetTask } from "./hand-out.ts";
import type { Ledger } from "./ledger.ts";
import { cutTrail } from "./trail.ts";

/**
 * Parts of an item. The item waits in its own row, at its `split` step. Each part is a task of the same job, so holding
 * the job is enough to change all of them. Parts do not appear in the log: their item counts them.
 */

/** Settles a successful split: its item waits, and its parts begin. */
export function splitItem(
  ledger: Ledger,
  job: JobRecord,
  item: TaskRecord,
  parts: readonly NewPart[],
  now: number,
): void {
  item.split = { step: item.step, total: parts.length, done: 0, failed: 0 };
  item.state = "split";
  item.wakeAt = null;
  item.worker = null;
  ledger.changedTask(item);
  if (parts.length === 0) return join(ledger, job, item, now);
  const made = parts.map(({ name, ...source }, part) => ({
    ...newTask(job, partNumber({ item: item.item, part }), item.step + 1),
    name,
    options: item.options,
    inputs: source.files,
    part: { total: parts.length, ...source },
  }));
  expectEntries(ledger, job, made);
  for (const part of made) ledger.addTask(part);
  for (const part of made) start(ledger, job, part, now);
}

/** Loads the cache entries of these tasks at once. */
function expectEntries(ledger: Ledger, job: JobRecord, tasks: readonly TaskRecord[]): void {
  const keys = tasks.map((task) => itemKey(job.plan[task.step]!, task)).filter((key) => key !== null);
  if (keys.length === 0) return;
  ledger.expect({ cached: keys });
  const entries = keys.map((key) => ledger.cached(key)).filter((entry) => entry !== null);
  const files = entries.flatMap(({ outputs, resultFile }) =>
    resultFile ? [...outputs, resultFile] : outputs,
  );
  if (files.length > 0) ledger.expect({ blobs: files.map((file) => file.blob) });
}

/** For a part: the current counts of its item's parts, for live progress. */
export function countedParts(
  ledger: Ledger,
  taskId: string,
): { parts?: ReturnType<typeof partsView> & { attempt: number } } {
  const id = parseTaskId(taskId);
  const split = id && partAt(id.item);
  const item = split && ledger.job(id.jobId) && ledger.task(id.jobId, split.item);
  return item ? { parts: { ...partsView(item), attempt: item.attempt } } : {};
}

/** Cancels a job's open parts and revokes their leases. */
export function cancelParts(ledger: Ledger, job: JobRecord, now: number): void {
  if (!job.plan.some((step) => step.kind === "split")) return;
  for (const part of ledger.parts(job.id, { states: openPartStates })) {
    if (part.state === "leased") ledger.revoke(part.lease!);
    close(ledger, part, "cancelled", now);
    part.lease = null;
  }
}

/**
 * Dead parts that run again with these tasks: those named, and all parts of named items that failed because too few
 * parts succeeded.
 */
export function partsToReopen(
  ledger: Ledger,
  job: JobRecord,
  isNamed: (number: number) => boolean,
  dead: readonly TaskRecord[],
): TaskRecord[] {
  if (!job.plan.some((step) => step.kind === "split")) return [];
  const short = new Set(dead.filter(({ error }) => error?.code === "parts_failed").map(({ item }) => item));
  return ledger
    .parts(job.id, { states: ["dead"] })
    .filter((part) => isNamed(part.item) || short.has(partAt(part.item)!.item));
}

/** Makes an item wait again because some of its parts run again. Supersedes what its join and later steps made. */
export function waitAgain(ledger: Ledger, job: JobRecord, item: TaskRecord, count: number): void {
  const { before, ...split } = item.split!;
  if (item.state !== "split") {
    const hasEnded = !isOpen(item);
    if (hasEnded) job.remaining++;
    if (item.state === "succeeded") job.done--;
    if (item.state === "dead") job.failed--;
    if (item.cached) job.cached--;
    job.stepsDone -= (hasEnded ? itemSteps(job.plan) : item.step) - split.step;
    if (item.state === "leased") ledger.revoke(item.lease!);
    Object.assign(item, before);
    resetTask(job, item, split.step);
    cutTrail(job, item, split.step);
    item.generation++;
    item.state = "split";
    item.cached = false;
    item.wakeAt = null;
    item.lease = null;
    item.worker = null;
  }
  item.run = job.run;
  item.split = { ...split, failed: split.failed - count };
  // A process of an older version may have written the job and dropped the count.
  job.failedParts = Math.max(0, job.failedParts - count);
  ledger.changedTask(item);
}
