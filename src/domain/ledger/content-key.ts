import { createHash } from "node:crypto";
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

/** The content key of an `each` step's task; `null` when the step is not cached. */
export function itemKey(step: PlanStep, task: Pick<TaskRecord, "inputs" | "previous">): string | null {
  if (step.cacheKey === null) return null;
  return sha256(canonical([step.cacheKey, task.inputs.map((file) => file.sha256), task.previous]));
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
  return sha256(canonical([step.cacheKey, parts, previous]));
}

const STEM = "\u0000";

/** Names of outputs that begin with the input's are kept relative to it: the same bytes may come renamed. */
export function toEntry(
  key: string,
  task: TaskRecord,
  outputs: readonly FileRef[],
  result: Json,
  warnings: Warning[],
): CacheEntry {
  const own = stem(task.name);
  return {
    key,
    jobId: task.jobId,
    outputs: outputs.map(({ artifactId: _, ...file }) => ({
      ...file,
      name: own !== "" && file.name.startsWith(own) ? STEM + file.name.slice(own.length) : file.name,
    })),
    result,
    warnings,
  };
}

export function fromEntry(entry: CacheEntry, task: TaskRecord): FileRef[] {
  return entry.outputs.map((file, n) => ({
    ...file,
    name: file.name.startsWith(STEM) ? stem(task.name) + file.name.slice(1) : file.name,
    artifactId: artifactId(task, n),
  }));
}

/** Artifact ids name their task and the generation that wrote them, so that they are never reused. */
export function artifactId(task: Pick<TaskRecord, "jobId" | "item" | "generation">, n: number): string {
  return `${task.jobId}.${task.item < 0 ? "all" : task.item}.${task.generation}.${n}`;
}

function stem(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}
