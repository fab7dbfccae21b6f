import { createHash } from "node:crypto";
import { derivedName } from "../file-name.ts";
import type { CacheEntry, FileRef, Json, PlanStep, TaskRecord, Warning } from "../records.ts";

/** JSON with sorted keys, so that equal values have equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Changes when entries are kept another way: processes of another version have entries of their own. */
const FORMAT = "named by tail";

/** The content key of an `each` step's task; `null` when the step is not cached. */
export function itemKey(step: PlanStep, task: Pick<TaskRecord, "inputs" | "previous">): string | null {
  if (step.cacheKey === null) return null;
  return sha256(canonical([FORMAT, step.cacheKey, task.inputs.map((file) => file.sha256), task.previous]));
}

/** The content key of an `all` step's task over the items that succeeded. */
export function jobKey(step: PlanStep, items: readonly TaskRecord[], previous: Json): string | null {
  if (step.cacheKey === null) return null;
  const parts = items.map((task) => [
    task.item,
    task.state,
    task.outputs.map((file) => file.sha256),
    task.result,
  ]);
  return sha256(canonical([FORMAT, step.cacheKey, parts, previous]));
}

export function toEntry(
  key: string,
  task: TaskRecord,
  outputs: readonly FileRef[],
  result: Json,
  warnings: Warning[],
): CacheEntry {
  const files = outputs.map(({ artifactId: _, ...file }) => file);
  return { key, name: task.name, jobId: task.jobId, outputs: files, result, warnings };
}

/** Whether an entry says what the outputs of this task are called: the same bytes may come renamed. */
export function fitsName({ name, outputs }: CacheEntry, task: Pick<TaskRecord, "name">): boolean {
  return name === task.name || outputs.every((file) => file.tail !== undefined);
}

export function fromEntry(entry: CacheEntry, task: TaskRecord): FileRef[] {
  return entry.outputs.map((file, n) => ({
    ...file,
    name: file.tail === undefined ? file.name : derivedName(task.name, file.tail),
    artifactId: artifactId(task, n),
  }));
}

/** Artifact ids name their task and the generation that wrote them, so that they are never reused. */
export function artifactId(task: Pick<TaskRecord, "jobId" | "item" | "generation">, n: number): string {
  return `${task.jobId}.${task.item < 0 ? "all" : task.item}.${task.generation}.${n}`;
}
