import { readFile } from "node:fs/promises";
import type { Failure, Json, Warning } from "../domain/records.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import type { Ai } from "../pipeline/ai.ts";
import type { AllContext, Artifact, AsyncList, EachContext } from "../pipeline/context.ts";
import { Snooze } from "../pipeline/control.ts";
import { pause } from "../pipeline/durations.ts";
import type { JoinContext, PartContext } from "../pipeline/parts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import { type ArtifactFolder, jsonCopy, type Submitted, stepContext } from "./pipeline-context.ts";

export interface TestFile {
  name: string;
  data: Buffer | string;
  /** @default "application/octet-stream" */
  mediaType?: string;
}

export interface RunOptions {
  /** If empty, the job has one item without a file, as in production. */
  files?: readonly TestFile[];
  /** Parsed by the pipeline's schema. A file option may name an attachment: `{file: "logo.png"}`. */
  options?: unknown;
  /** Owner of the job, as steps see it. @default "test" */
  owner?: string;
  /** As steps see it. @default "test" */
  jobId?: string;
  /** Files that the options name. */
  attachments?: readonly TestFile[];
  /** Data items instead of files, parsed by the pipeline's schema (`accepts.data`). */
  items?: readonly { name?: string; data: unknown }[];
  /** Entries of the pipeline's catalogs, by name and key. @default none */
  catalogs?: { readonly [name: string]: { readonly [key: string]: unknown } };
  /** The AI interface for the steps. @default no model is configured */
  ai?: Ai;
  /** Attempts at a step that fails with a retryable error, without pauses. @default 1 */
  attempts?: number;
  /** Aborts every step. */
  signal?: AbortSignal;
}

/** A file that a step wrote, and its location until the run is disposed. */
export interface TestOutput extends Artifact {
  path: string;
  read(): Promise<Buffer>;
}

export interface StepOutcome {
  result: Json;
  outputs: TestOutput[];
  /** `null` on success; `cause` is what the step threw. */
  error: (Failure & { cause: unknown }) | null;
  /** Warnings of the steps that succeeded, in order. */
  warnings: Warning[];
  progress: { step: string; fraction: number; message?: string }[];
  /** Jobs that its last attempt started; they are not run. */
  submitted: Submitted[];
  /** Streamed text, in order. */
  deltas: string[];
  attempts: number;
}

export interface Scope {
  pipeline: Pipeline;
  run: RunOptions;
  files: ArtifactFolder;
  options: unknown;
}

export function asyncList<T>(entries: readonly T[]): AsyncList<T> {
  return {
    length: entries.length,
    async *[Symbol.asyncIterator]() {
      yield* entries;
    },
  };
}

export type PartParts = Omit<PartContext<unknown, Json, Json>, Shared>;
export type JoinParts = Omit<JoinContext<unknown, Json, Json, Json, Json>, Shared>;
type Shared = keyof ReturnType<typeof stepContext>["context"];
export type EachParts = Omit<EachContext<unknown, Json, Json>, Shared>;
export type AllParts = Omit<AllContext<unknown, Json, Json, Json>, Shared>;

export async function runStep<Parts extends object>(
  scope: Scope,
  step: Step,
  parts: Parts,
): Promise<StepOutcome> {
  const memo = new Map<string, Json>();
  const outcome = emptyOutcome();
  while (true) {
    outcome.attempts += 1;
    outcome.submitted = [];
    const signals = [AbortSignal.timeout(step.timeoutMs), ...(scope.run.signal ? [scope.run.signal] : [])];
    const signal = AbortSignal.any(signals);
    const { context, written, warnings } = stepContext({
      files: scope.files,
      pipeline: scope.pipeline.name,
      step: step.name,
      attempt: outcome.attempts,
      jobId: scope.run.jobId,
      owner: scope.run.owner,
      name: "name" in parts ? String(parts.name) : "",
      options: scope.options,
      signal,
      memo,
      catalogs: scope.run.catalogs ?? {},
      ...(scope.run.ai && { ai: scope.run.ai }),
      onProgress: (fraction, message) => outcome.progress.push({ step: step.name, fraction, message }),
      onSubmit: (submitted) => outcome.submitted.push(submitted),
      onDelta: (text) => outcome.deltas.push(text),
    });
    try {
      // Copies descriptors, so that getters such as `file` throw only when they are read.
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

/** A worker would kill the step's process. Here the step's work continues, but nobody waits for it. */
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

export function emptyOutcome(): StepOutcome {
  return {
    result: null,
    outputs: [],
    error: null,
    warnings: [],
    progress: [],
    submitted: [],
    deltas: [],
    attempts: 0,
  };
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

export function plain({ path: _path, read: _read, ...artifact }: TestOutput): Artifact {
  return artifact;
}
