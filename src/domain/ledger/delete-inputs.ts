import type { FileRef, JobRecord } from "../records.ts";
import { JOB_ITEM } from "../records.ts";
import { partStates } from "../states.ts";
import { writtenBy } from "../stored.ts";
import type { Ledger } from "./ledger.ts";

/**
 * The files and data of a job's items go. A file that a step has made again, byte for byte, is an output, and stays;
 * so do the files that options name.
 */
export function deleteInputs(ledger: Ledger, job: JobRecord): void {
  const tasks = ledger.tasks(job.id);
  const kept = new Set<string>(job.attachments.map((file) => file.blob));
  const isSplit = job.plan.some((step) => step.kind === "split");
  const parts = isSplit ? ledger.parts(job.id, { states: partStates }) : [];
  for (const task of [...tasks, ...parts])
    for (const file of [task, ...task.trail].flatMap(writtenBy)) kept.add(file.blob);

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
    task.inputs = task.inputs.map((file) => (file.artifactId === input?.artifactId ? task.input! : file));
    task.data = null;
    task.dataFile = without(task.dataFile);
    ledger.changedTask(task);
  }
  for (const blob of gone) ledger.unrefer(job.id, blob);
}
