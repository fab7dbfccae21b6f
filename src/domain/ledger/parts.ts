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
 * Parts of an item. The item waits in its own row, at its `split` step; each part is a task of the same job, so that
 * whoever holds the job may change them all. Nothing of a part goes into the log: its item counts them.
 */

/** A split succeeded: its item waits, and its parts begin. */
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
    inputs: source.files,
    part: { total: parts.length, ...source },
  }));
  expectEntries(ledger, job, made);
  for (const part of made) ledger.addTask(part);
  for (const part of made) start(ledger, job, part, now);
}

/** Reads at once what the cache has for these tasks. */
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

/** Of a part: how those of its item stand now, for those who watch. */
export function countedParts(
  ledger: Ledger,
  taskId: string,
): { parts?: ReturnType<typeof partsView> & { attempt: number } } {
  const id = parseTaskId(taskId);
  const split = id && partAt(id.item);
  const item = split && ledger.job(id.jobId) && ledger.task(id.jobId, split.item);
  return item ? { parts: { ...partsView(item), attempt: item.attempt } } : {};
}

/** Ends what is open of a job's parts, and revokes their leases. */
export function cancelParts(ledger: Ledger, job: JobRecord, now: number): void {
  if (!job.plan.some((step) => step.kind === "split")) return;
  for (const part of ledger.parts(job.id, { states: openPartStates })) {
    if (part.state === "leased") ledger.revoke(part.lease!);
    close(ledger, part, "cancelled", now);
    part.lease = null;
  }
}

/** Dead parts that run again when these tasks do: those named, and all those for want of which a named item failed. */
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

/** Some parts of an item run again: it waits for them, and what its join and later steps made is superseded. */
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
  // An older process may have written the job, and lost the figure.
  job.failedParts = Math.max(0, job.failedParts - count);
  ledger.changedTask(item);
}
