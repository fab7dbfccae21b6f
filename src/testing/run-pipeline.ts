import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Failure, Json, Warning } from "../domain/records.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import type {
  AllContext,
  Artifact,
  AsyncList,
  EachContext,
  EndedItem,
  FailedItem,
} from "../pipeline/context.ts";
import { Snooze } from "../pipeline/control.ts";
import { pause } from "../pipeline/durations.ts";
import type { Pipeline, Step } from "../pipeline/pipeline.ts";
import { type ArtifactFolder, artifactFolder, jsonCopy, stepContext } from "./pipeline-context.ts";

export interface TestFile {
  name: string;
  data: Buffer | string;
  /** @default "application/octet-stream" */
  mediaType?: string;
}

export interface RunOptions {
  /** None: the job has one item without a file, as in production. */
  files?: readonly TestFile[];
  /** Parsed by the pipeline's schema. A file option may name an attachment: `{file: "logo.png"}`. */
  options?: unknown;
  /** Files that the options name. */
  attachments?: readonly TestFile[];
  /** Tries of a step that fails with a retryable error, one right after the other. @default 1 */
  attempts?: number;
  /** Ends every step. */
  signal?: AbortSignal;
}

/** A file that a step wrote, and where it is until the run is disposed of. */
export interface TestOutput extends Artifact {
  path: string;
  read(): Promise<Buffer>;
}

export interface StepOutcome {
  result: Json;
  outputs: TestOutput[];
  /** `null` when it succeeded; `cause` is what the step threw. */
  error: (Failure & { cause: unknown }) | null;
  /** Of the steps that succeeded, in order. */
  warnings: Warning[];
  progress: { step: string; fraction: number; message?: string }[];
  /** Streamed text, in order. */
  deltas: string[];
  attempts: number;
}

export interface ItemOutcome extends StepOutcome {
  index: number;
  name: string;
}

export interface PipelineRun extends AsyncDisposable {
  /** One for each file, in their order: the outcome of the last `each` step that it reached. */
  items: ItemOutcome[];
  /** The outcomes of the `all` steps that ran, by name. */
  all: Record<string, StepOutcome>;
  /** Removes the files of the run. */
  dispose(): Promise<void>;
}

/**
 * Runs a pipeline's steps in this process on the given files, without broker, store or cache: for tests
 * of pipelines. Files are kept in a temporary folder until `dispose`. Results go through JSON between the
 * steps, and step timeouts hold, as in a worker; a step that declares `isolate` runs in this process too, so that
 * its ceiling does not hold. Items run one after the other.
 * Throws when the options do not fit the pipeline's schema.
 *
 * @example
 * await using run = await runPipeline(shout, { files: [{ name: "a.txt", data: "hello" }] });
 * expect(run.items[0]?.result).toBe("HELLO");
 */
export async function runPipeline(pipeline: Pipeline, run: RunOptions = {}): Promise<PipelineRun> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-run-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const files = artifactFolder(folder);
    const options = await parseOptions(pipeline, run, files);
    const uploads = await Promise.all((run.files ?? []).map((file) => keep(files, file)));
    const scope: Scope = { pipeline, run, files, options };
    const items: Item[] = [];
    for (const [index, file] of (uploads.length > 0 ? uploads : [null]).entries()) {
      items.push(await runItem(scope, index, file));
    }
    const all = await runAll(scope, items);
    return {
      items: items.map(({ file: _, ...outcome }) => outcome),
      all,
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Scope {
  pipeline: Pipeline;
  run: RunOptions;
  files: ArtifactFolder;
  options: unknown;
}

type Item = ItemOutcome & { file: Artifact | null };

async function runItem(scope: Scope, index: number, file: Artifact | null): Promise<Item> {
  const name = file?.name ?? "";
  let inputs: readonly Artifact[] = file ? [file] : [];
  let item: Item = { ...emptyOutcome(), index, name, file };
  for (const step of scope.pipeline.steps.filter((each) => each.kind === "each")) {
    const before = item;
    const outcome: StepOutcome = await runStep<EachParts>(scope, step, {
      index,
      name,
      inputs,
      previous: item.result,
      get file() {
        if (!file) throw new Error("This job has no files.");
        return file;
      },
    });
    item = {
      ...item,
      ...outcome,
      warnings: [...before.warnings, ...outcome.warnings],
      progress: [...before.progress, ...outcome.progress],
      deltas: [...before.deltas, ...outcome.deltas],
    };
    if (item.error) break;
    inputs = item.outputs;
  }
  return item;
}

async function runAll(scope: Scope, items: readonly Item[]): Promise<Record<string, StepOutcome>> {
  const ended: EndedItem<Json>[] = [];
  const failures: FailedItem[] = [];
  for (const { index, name, file, outputs, result, error } of items) {
    if (error) failures.push({ index, name, code: error.code, message: error.message });
    else ended.push({ index, name, file, outputs: outputs.map(plain), result });
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

function asyncList<T>(entries: readonly T[]): AsyncList<T> {
  return {
    length: entries.length,
    async *[Symbol.asyncIterator]() {
      yield* entries;
    },
  };
}

type Shared = keyof ReturnType<typeof stepContext>["context"];
type EachParts = Omit<EachContext<unknown, Json>, Shared>;
type AllParts = Omit<AllContext<unknown, Json, Json>, Shared>;

async function runStep<Parts extends object>(scope: Scope, step: Step, parts: Parts): Promise<StepOutcome> {
  const memo = new Map<string, Json>();
  const outcome = emptyOutcome();
  while (true) {
    outcome.attempts += 1;
    const signals = [AbortSignal.timeout(step.timeoutMs), ...(scope.run.signal ? [scope.run.signal] : [])];
    const signal = AbortSignal.any(signals);
    const { context, written, warnings } = stepContext({
      files: scope.files,
      pipeline: scope.pipeline.name,
      step: step.name,
      attempt: outcome.attempts,
      name: "name" in parts ? String(parts.name) : "",
      options: scope.options,
      signal,
      memo,
      onProgress: (fraction, message) => outcome.progress.push({ step: step.name, fraction, message }),
      onDelta: (text) => outcome.deltas.push(text),
    });
    try {
      // Descriptors, so that getters such as `file` still throw only when they are read.
      const full = Object.defineProperties({ ...context }, Object.getOwnPropertyDescriptors(parts));
      outcome.result = jsonCopy((await unlessAborted(signal, async () => step.run(full as never))) as Json);
      outcome.outputs = written.map((artifact) => output(scope.files, artifact));
      outcome.warnings = warnings.list();
      return outcome;
    } catch (error) {
      if (error instanceof Snooze) {
        outcome.attempts -= 1;
        await pause(error.afterMs, scope.run.signal);
      } else if (outcome.attempts >= (scope.run.attempts ?? 1) || !isRetryable(error)) {
        outcome.error = { ...failureOf(error), cause: error };
        return outcome;
      }
    }
  }
}

/** A worker would end the step's process. Here, what it has begun goes on, and nobody waits for it. */
async function unlessAborted<T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([run(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function emptyOutcome(): StepOutcome {
  return { result: null, outputs: [], error: null, warnings: [], progress: [], deltas: [], attempts: 0 };
}

function failureOf(error: unknown): Failure {
  if (error instanceof MillraceError) return { code: error.code, message: error.message };
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  return {
    code: timedOut ? "step_timeout" : "step_failed",
    message: error instanceof Error ? error.message : String(error),
  };
}

function output(files: ArtifactFolder, artifact: Artifact): TestOutput {
  const path = files.pathOf(artifact.artifactId);
  return { ...artifact, path, read: () => readFile(path) };
}

function plain({ path: _path, read: _read, ...artifact }: TestOutput): Artifact {
  return artifact;
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

/** Replaces `{file: name}` by `{artifactId}`, as the engine does with the parts of a request. */
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
