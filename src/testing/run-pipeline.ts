import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import type { Json } from "../domain/records.ts";
import { parseItems } from "../engine/intake/data-items.ts";
import type { Artifact, EndedItem, FailedItem } from "../pipeline/context.ts";
import type { NewPart } from "../pipeline/parts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { type ArtifactFolder, artifactFolder, jsonCopy } from "./pipeline-context.ts";
import { continued, joinLists, type PartOutcome, partsFault, runParts } from "./run-parts.ts";
import {
  type AllParts,
  asyncList,
  type EachParts,
  emptyOutcome,
  plain,
  type RunOptions,
  runStep,
  type Scope,
  type StepOutcome,
  type TestFile,
} from "./run-step.ts";

export interface ItemOutcome extends StepOutcome {
  index: number;
  name: string;
  /** For an item that was split, in order: the outcome of the last step that each part reached. */
  parts: PartOutcome[];
}

export interface PipelineRun extends AsyncDisposable {
  /** One for each file, in order: the outcome of the last `each` step that it reached. */
  items: ItemOutcome[];
  /** The outcomes of the `all` steps that ran, by name. */
  all: Record<string, StepOutcome>;
  /** Removes the files of the run. */
  dispose(): Promise<void>;
}

/**
 * Runs a pipeline's steps in this process on the given files, without broker, store or cache, to test pipelines. Files
 * stay in a temporary folder until `dispose`. As in a worker, results pass through JSON between steps, and step
 * timeouts apply. A step that declares `isolate` also runs in this process, so its memory limit does not apply. Items
 * run one after the other. Throws if the options do not fit the pipeline's schema.
 *
 * @example
 * await using run = await runPipeline(shout, { files: [{ name: "a.txt", data: "hello" }] });
 * expect(run.items[0]?.result).toBe("HELLO");
 */
export async function runPipeline(pipeline: Pipeline, run: RunOptions = {}): Promise<PipelineRun> {
  const folder = await mkdtemp(joinPath(tmpdir(), "millrace-run-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const files = artifactFolder(folder);
    const options = await parseOptions(pipeline, run, files);
    const uploads = await Promise.all((run.files ?? []).map((file) => keep(files, file)));
    const scope: Scope = { pipeline, run, files, options };
    const given: Given[] = [
      ...uploads.map((file) => ({ name: file.name, file, data: null })),
      ...(await parseItems(pipeline, run.items ?? [])).map(({ name = "", data }) => ({
        name,
        file: null,
        data: jsonCopy(data) as Json,
      })),
    ];
    const items: Item[] = [];
    for (const [index, one] of (given.length > 0
      ? given
      : [{ name: "", file: null, data: null }]
    ).entries()) {
      items.push(await runItem(scope, index, one));
    }
    const all = await runAll(scope, items);
    return {
      items: items.map(({ file: _, data: __, ...outcome }) => outcome),
      all,
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** An item before its first step. */
interface Given {
  name: string;
  file: Artifact | null;
  data: Json;
}

type Item = ItemOutcome & Given;

async function runItem(scope: Scope, index: number, { name, file, data }: Given): Promise<Item> {
  let inputs: readonly Artifact[] = file ? [file] : [];
  let item: Item = { ...emptyOutcome(), index, name, file, data, parts: [] };
  let previous: Json = null;
  const steps = scope.pipeline.steps.filter((step) => step.kind !== "all");
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!;
    const given: EachParts = {
      ...{ index, name, inputs, data, previous },
      get file() {
        if (!file) throw new Error("This job has no files.");
        return file;
      },
    };
    const joining = step.kind === "join" ? joinLists(item.parts) : {};
    const context = Object.defineProperties({ ...joining }, Object.getOwnPropertyDescriptors(given));
    item = continued(item, await runStep(scope, step, context));
    if (item.error) break;
    if (step.kind === "split") {
      const join = steps.findIndex(({ kind }) => kind === "join");
      const made = item.result as unknown as NewPart[];
      item = { ...item, result: null, parts: await runParts(scope, item, made, steps.slice(at + 1, join)) };
      item.error = partsFault(item.parts, steps[join]!);
      if (item.error) break;
      at = join - 1;
      continue;
    }
    previous = item.result;
    if (item.outputs.length > 0) inputs = item.outputs.map(plain);
  }
  return item;
}

async function runAll(scope: Scope, items: readonly Item[]): Promise<Record<string, StepOutcome>> {
  const ended: EndedItem<Json, Json>[] = [];
  const failures: FailedItem[] = [];
  for (const { index, name, file, data, outputs, result, error } of items) {
    if (error) failures.push({ index, name, code: error.code, message: error.message });
    else ended.push({ index, name, file, data, outputs: outputs.map(plain), result });
  }
  const outcomes: Record<string, StepOutcome> = {};
  let previous: Json = null;
  for (const step of scope.pipeline.steps.filter((all) => all.kind === "all")) {
    if (ended.length === 0 || (step.needs === "every" && failures.length > 0)) break;
    const parts: AllParts = { items: asyncList(ended), failures: asyncList(failures), previous };
    const outcome: StepOutcome = await runStep<AllParts>(scope, step, parts);
    outcomes[step.name] = outcome;
    if (outcome.error) break;
    previous = outcome.result;
  }
  return outcomes;
}

function keep(files: ArtifactFolder, file: TestFile): Promise<Artifact> {
  const data = typeof file.data === "string" ? Buffer.from(file.data) : file.data;
  return files.add(file.name, { data, mediaType: file.mediaType ?? "application/octet-stream" });
}

async function parseOptions(pipeline: Pipeline, run: RunOptions, files: ArtifactFolder): Promise<unknown> {
  const ids = new Map<string, string>();
  for (const attachment of run.attachments ?? []) {
    ids.set(attachment.name, (await keep(files, attachment)).artifactId);
  }
  return pipeline.options.parse(nameAttachments(run.options ?? {}, ids));
}

/** Replaces `{file: name}` with `{artifactId}`, as the engine does with form parts. */
function nameAttachments(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => nameAttachments(entry, ids));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "file" && typeof first[1] === "string" && ids.has(first[1])) {
    return { artifactId: ids.get(first[1]) };
  }
  return Object.fromEntries(entries.map(([key, entry]) => [key, nameAttachments(entry, ids)]));
}
