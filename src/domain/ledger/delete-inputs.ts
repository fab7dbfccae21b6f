import { FETCH_STEP } from "../fetching.ts";
import type { FileRef, JobRecord } from "../records.ts";
import { JOB_ITEM } from "../records.ts";
import { partStates } from "../states.ts";
import { writtenBy } from "../stored.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Drops the files and data of a job's items. An input that a step reproduced byte for byte is also an output, and
 * stays; so do the files that options name.
 */
export function deleteInputs(ledger: Ledger, job: JobRecord): void {
  const tasks = ledger.tasks(job.id);
  const kept = new Set<string>(job.attachments.map((file) => file.blob));
  const isSplit = job.plan.some((step) => step.kind === "split");
  const parts = isSplit ? ledger.parts(job.id, { states: partStates }) : [];
  // If only `all` steps follow, an item passes its input through, and no step wrote it.
  const passes = job.plan.every(({ kind, name }) => kind === "all" || name === FETCH_STEP);
  for (const task of [...tasks, ...parts]) {
    if (passes && task.item !== JOB_ITEM) continue;
    for (const file of [task, ...task.trail].flatMap(writtenBy)) kept.add(file.blob);
  }

  const gone = new Set<string>();
  const without = (file: FileRef | null): FileRef | null => {
    if (file === null || kept.has(file.blob)) return file;
    gone.add(file.blob);
    return { ...file, deleted: true };
  };
  for (const task of tasks) {
    if (task.item === JOB_ITEM) continue;
    const { input } = task;
    task.input = without(input);
    const asInput = (file: FileRef) => (file.artifactId === input?.artifactId ? task.input! : file);
    task.inputs = task.inputs.map(asInput);
    task.outputs = task.outputs.map(asInput);
    task.data = null;
    task.dataFile = without(task.dataFile);
    ledger.changedTask(task);
  }
  for (const blob of gone) ledger.unrefer(job.id, blob);
}
