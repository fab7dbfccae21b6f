import { createHash } from "node:crypto";
import type { NewItem } from "../commands.ts";
import { derivedName } from "../file-name.ts";
import { taskId } from "../ids.ts";
import { partAt } from "../parts.ts";
import type { CacheEntry, FileRef, ItemOptions, Json, PlanStep, TaskRecord } from "../records.ts";

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

/** Change it when the format of entries changes: processes of different versions then use separate entries. */
const FORMAT = "without ids of files";

/** The part of a step's content key that does not depend on its inputs. */
export function keyPrefix(code: KeyedCode, options: unknown, { unordered }: { unordered?: boolean }): string {
  const { scope, pipeline, pipelineVersion, step, stepVersion, tools } = code;
  const parts: unknown[] = [scope, pipeline, pipelineVersion, step, stepVersion, tools];
  parts[OPTIONS_AT] = options;
  return canonical(unordered ? [...parts, "unordered"] : parts);
}

/** Position of the options in a prefix. */
const OPTIONS_AT = 6;

export interface KeyedCode {
  /** Whose results may be reused: `*` for everyone's. */
  scope: string;
  pipeline: string;
  pipelineVersion: number;
  step: string;
  stepVersion: string;
  tools: unknown;
}

/** The prefix for an item: its own options replace the job's, so it shares results with jobs that have these options. */
function prefixOf(cacheKey: string, options: ItemOptions | null): string {
  if (options === null) return cacheKey;
  const parts = JSON.parse(cacheKey) as Json[];
  parts[OPTIONS_AT] = options.content ?? options.value;
  return canonical(parts);
}

type Read = Pick<TaskRecord, "options" | "inputs" | "previous" | "previousFile" | "data" | "dataFile">;

/** The content key of an `each` step's task; `null` if the step is not cached. */
export function itemKey(step: PlanStep, task: Read & Partial<Pick<TaskRecord, "part">>): string | null {
  if (step.cacheKey === null) return null;
  const { inputs, previous, previousFile, part } = task;
  return sha256(
    canonical([
      FORMAT,
      prefixOf(step.cacheKey, task.options),
      inOrder(step, hashes(inputs)),
      ...returned(previous, previousFile),
      ...(part ? [hashes(part.files), ...returned(part.data, part.dataFile)] : []),
      ...dataOf(task),
    ]),
  );
}

/** The content key of an item at the first step of its job; `null` if the item never runs or has yet to be fetched. */
export function firstKey(step: PlanStep, { input, url, data, error, options }: NewItem): string | null {
  if (error || url) return null;
  const inputs = input ? [input] : [];
  const { value = null, file = null } = data ?? {};
  const nothing = { previous: null, previousFile: null };
  return itemKey(step, { options: options ?? null, inputs, ...nothing, data: value, dataFile: file });
}

/**
 * Every step may read the data of its item. Nothing is added for items without data, so that their keys never change.
 */
function dataOf({ data, dataFile }: Pick<TaskRecord, "data" | "dataFile">): Json[] {
  return data !== null || dataFile ? ["data", ...returned(data, dataFile)] : [];
}

/** The parts as given, or sorted if the step ignores order. */
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

/** A result as part of a key: its value, or the hash of the file that holds it. */
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
  const [prefix, parts] = inOneOrder(step, step.cacheKey, inOrder(step, all));
  return sha256(canonical([FORMAT, prefix, parts, ...returned(previous, previousFile)]));
}

/** If both orders are equivalent, picks one of them deterministically, with its options. */
function inOneOrder<Part>(
  { reversedKey }: PlanStep,
  cacheKey: string,
  parts: readonly Part[],
): readonly [prefix: string, parts: readonly Part[]] {
  if (reversedKey === undefined) return [cacheKey, parts];
  const given = [cacheKey, parts] as const;
  const reversed = [reversedKey, parts.toReversed()] as const;
  return canonical(given.toReversed()) < canonical(reversed.toReversed()) ? given : reversed;
}

/** The content key of a `join` over the parts of an item. */
export function joinKey(step: PlanStep, parts: readonly TaskRecord[], item: Read): string | null {
  if (step.cacheKey === null) return null;
  const { inputs, previous, previousFile } = item;
  const all = parts.map((task) => [
    ...ended(step, partAt(task.item)!.part, task),
    ...[hashes(task.part!.files), ...returned(task.part!.data, task.part!.dataFile)],
  ]);
  const read = [hashes(inputs), ...returned(previous, previousFile), ...dataOf(item)];
  return sha256(
    canonical([FORMAT, prefixOf(step.cacheKey, item.options), "join", inOrder(step, all), ...read]),
  );
}

function ended(
  step: PlanStep,
  index: number,
  { state, outputs, result, resultFile }: TaskRecord,
): (Json | readonly string[])[] {
  const place = step.unordered || step.reversedKey !== undefined ? [] : [index];
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

/** Whether an entry's output names suit this task: the same bytes may have been uploaded under another name. */
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

/** Artifact ids contain their task and the generation that wrote them, so they are never reused. */
export function artifactId(task: Attempted, n: number): string {
  return `${taskId(task.jobId, task.item)}.${task.generation}.${n}`;
}

/** The artifact id of a result that is stored as a file. */
export function resultId(task: Attempted): string {
  return `${taskId(task.jobId, task.item)}.${task.generation}.result`;
}

type Attempted = Pick<TaskRecord, "jobId" | "item" | "generation">;
