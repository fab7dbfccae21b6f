import { createHash } from "node:crypto";
import type { NewItem } from "../commands.ts";
import { derivedName } from "../file-name.ts";
import { taskId } from "../ids.ts";
import { partAt } from "../parts.ts";
import type { CacheEntry, FileRef, Json, PlanStep, TaskRecord } from "../records.ts";

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
const FORMAT = "without ids of files";

/** The content key of an `each` step's task; `null` when the step is not cached. */
export function itemKey(
  step: PlanStep,
  task: Pick<TaskRecord, "inputs" | "previous" | "previousFile" | "data" | "dataFile"> &
    Partial<Pick<TaskRecord, "part">>,
): string | null {
  if (step.cacheKey === null) return null;
  const { inputs, previous, previousFile, part } = task;
  return sha256(
    canonical([
      FORMAT,
      step.cacheKey,
      inOrder(step, hashes(inputs)),
      ...returned(previous, previousFile),
      ...(part ? [hashes(part.files), ...returned(part.data, part.dataFile)] : []),
      ...dataOf(task),
    ]),
  );
}

/** The content key of an item at the first step of its job; `null` for an item that never runs, or is still to be fetched. */
export function firstKey(step: PlanStep, { input, url, data, error }: NewItem): string | null {
  if (error || url) return null;
  const inputs = input ? [input] : [];
  const { value = null, file = null } = data ?? {};
  return itemKey(step, { inputs, previous: null, previousFile: null, data: value, dataFile: file });
}

/** Every step may read the data of its item. Items of files have the keys that they always had. */
function dataOf({ data, dataFile }: Pick<TaskRecord, "data" | "dataFile">): Json[] {
  return data !== null || dataFile ? ["data", ...returned(data, dataFile)] : [];
}

/** As they came, or in an order that is always the same. */
function inOrder<Part>({ unordered }: PlanStep, parts: readonly Part[]): readonly Part[] {
  if (!unordered) return parts;
  return parts
    .map((part) => [canonical(part), part] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, part]) => part);
}

function hashes(files: readonly FileRef[]): string[] {
  return files.map((file) => file.sha256);
}

/** A result as it counts: its value, or the hash of the file that holds it. */
function returned(value: Json, file: FileRef | null): Json[] {
  return file ? [null, file.sha256] : [value];
}

/** The content key of an `all` step's task over the items that succeeded. */
export function jobKey(
  step: PlanStep,
  items: readonly TaskRecord[],
  { previous, previousFile }: Pick<TaskRecord, "previous" | "previousFile">,
): string | null {
  if (step.cacheKey === null) return null;
  const all = items.map((task) => [...ended(step, task.item, task), ...dataOf(task)]);
  return sha256(canonical([FORMAT, step.cacheKey, inOrder(step, all), ...returned(previous, previousFile)]));
}

/** The content key of a `join` over the parts of an item. */
export function joinKey(
  step: PlanStep,
  parts: readonly TaskRecord[],
  item: Pick<TaskRecord, "inputs" | "previous" | "previousFile" | "data" | "dataFile">,
): string | null {
  if (step.cacheKey === null) return null;
  const { inputs, previous, previousFile } = item;
  const all = parts.map((task) => [
    ...ended(step, partAt(task.item)!.part, task),
    ...[hashes(task.part!.files), ...returned(task.part!.data, task.part!.dataFile)],
  ]);
  const read = [hashes(inputs), ...returned(previous, previousFile), ...dataOf(item)];
  return sha256(canonical([FORMAT, step.cacheKey, "join", inOrder(step, all), ...read]));
}

function ended(
  step: PlanStep,
  index: number,
  { state, outputs, result, resultFile }: TaskRecord,
): (Json | readonly string[])[] {
  const place = step.unordered ? [] : [index];
  return [...place, state, inOrder(step, hashes(outputs)), ...returned(result, resultFile)];
}

export function toEntry(
  key: string,
  task: TaskRecord,
  {
    outputs,
    result,
    resultFile,
    warnings,
  }: Pick<CacheEntry, "warnings"> & Pick<TaskRecord, "outputs" | "result" | "resultFile">,
): CacheEntry {
  const { name, jobId } = task;
  return {
    key,
    name,
    jobId,
    outputs: outputs.map(withoutId),
    result,
    warnings,
    resultFile: resultFile && withoutId(resultFile),
  };
}

/** Whether an entry says what the outputs of this task are called: the same bytes may come renamed. */
export function fitsName({ name, outputs }: CacheEntry, task: Pick<TaskRecord, "name">): boolean {
  return name === task.name || outputs.every((file) => file.tail !== undefined);
}

function withoutId({ artifactId: _, ...file }: FileRef): Omit<FileRef, "artifactId"> {
  return file;
}

export function fromEntry(entry: CacheEntry, task: TaskRecord): FileRef[] {
  return entry.outputs.map((file, n) => ({
    ...file,
    name: file.tail === undefined ? file.name : derivedName(task.name, file.tail),
    artifactId: artifactId(task, n),
  }));
}

/** Artifact ids name their task and the generation that wrote them, so that they are never reused. */
export function artifactId(task: Attempted, n: number): string {
  return `${taskId(task.jobId, task.item)}.${task.generation}.${n}`;
}

/** The artifact id of a result that is kept as a file. */
export function resultId(task: Attempted): string {
  return `${taskId(task.jobId, task.item)}.${task.generation}.result`;
}

type Attempted = Pick<TaskRecord, "jobId" | "item" | "generation">;
