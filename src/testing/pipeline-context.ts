import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Json } from "../domain/records.ts";
import type { Catalog } from "../pipeline/catalog.ts";
import type { Artifact, NewFile, StepContext, StepLog, Submission } from "../pipeline/context.ts";
import { nameOf } from "../pipeline/output-name.ts";
import { collectWarnings, type Warnings } from "../pipeline/warnings.ts";

/** Artifacts in a folder: a file named by its id, and what a step reads of it. */
export interface ArtifactFolder {
  readonly path: string;
  readonly pathOf: (artifactId: string) => string;
  readonly add: (name: string, file: Pick<NewFile, "data" | "mediaType" | "meta">) => Promise<Artifact>;
}

export function artifactFolder(path: string): ArtifactFolder {
  const known = new Set<string>();
  const pathOf = (artifactId: string) => {
    if (!known.has(artifactId)) throw new Error(`There is no artifact "${artifactId}" in this run.`);
    return join(path, artifactId);
  };
  return {
    path,
    pathOf,
    async add(name, { data, mediaType, meta }) {
      const artifactId = randomUUID();
      const target = join(path, artifactId);
      await writeFile(target, data);
      known.add(artifactId);
      const content = Buffer.isBuffer(data) ? data : await readFile(target);
      const sha256 = createHash("sha256").update(content).digest("hex");
      const bytes = (await stat(target)).size;
      return { artifactId, name, mediaType, bytes, sha256, ...(meta && { meta: jsonCopy(meta) }) };
    },
  };
}

/** A job that a step started: it is not run. */
export interface Submitted extends Submission {
  key: string;
  pipeline: string;
}

export interface ContextParts<Options> {
  files: ArtifactFolder;
  pipeline: string;
  step: string;
  attempt: number;
  /** The item's, or "". */
  name: string;
  options: Options;
  signal: AbortSignal;
  /** Results of `once`, kept over the attempts of one task. */
  memo: Map<string, Json>;
  /** Entries by catalog and key. */
  catalogs?: { readonly [name: string]: { readonly [key: string]: unknown } };
  onProgress: (fraction: number, message: string | undefined) => void;
  onDelta: (text: string) => void;
  onSubmit?: (submitted: Submitted) => void;
}

/** A step's context on files of this machine, with lists of what the step wrote and warned of. */
export function stepContext<Options>(parts: ContextParts<Options>): {
  context: StepContext<Options>;
  written: Artifact[];
  warnings: Warnings;
} {
  const { files, signal, memo } = parts;
  const written: Artifact[] = [];
  const warnings = collectWarnings();
  const context: StepContext<Options> = {
    jobId: "test",
    owner: "test",
    pipeline: parts.pipeline,
    step: parts.step,
    attempt: parts.attempt,
    options: parts.options,
    signal,
    log: silent,
    progress: parts.onProgress,
    warn: warnings.warn,
    delta: parts.onDelta,
    read: async ({ artifactId }) => readFile(files.pathOf(artifactId)),
    stream: async ({ artifactId }) => createReadStream(files.pathOf(artifactId)),
    path: async ({ artifactId }) => files.pathOf(artifactId),
    async write(file) {
      const artifact = await files.add(nameOf(file, parts.name).name, file);
      written.push(artifact);
      return artifact;
    },
    async submit(key, pipeline, work = {}) {
      parts.onSubmit?.({ key, pipeline: typeof pipeline === "string" ? pipeline : pipeline.name, ...work });
      return { jobId: `test-${key}` };
    },
    async lookup<T>({ name, schema }: Catalog<T>, key: string) {
      const entry = parts.catalogs?.[name]?.[key];
      return entry === undefined ? undefined : schema.parse(entry);
    },
    // The tests' own process has no budget.
    reserveMemory: async () => {},
    folder: () => mkdtemp(join(files.path, "folder-")),
    thread: (module, input) => runInThread(module, input, signal),
    async once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T> {
      if (!memo.has(key)) memo.set(key, jsonCopy(await fn()));
      return memo.get(key) as T;
    },
  };
  return { context, written, warnings };
}

/** What the next step reads of a result: JSON, as the store keeps it. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value ?? null)) as T;
}

const ignore = () => undefined;
const silent: StepLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

// Evaluated as a string so that the built package needs no file of its own for it.
const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.module)
  .then((module) => module.default(workerData.input))
  .then((result) => parentPort.postMessage(result));
`;

function runInThread<In, Out>(module: URL, input: In, signal: AbortSignal): Promise<Out> {
  const { promise, resolve, reject } = Promise.withResolvers<Out>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const worker = new Worker(THREAD, { eval: true, workerData: { module: module.href, input } });
  const end = () => {
    reject(signal.reason);
    void worker.terminate();
  };
  signal.addEventListener("abort", end, { once: true });
  worker.once("message", (result: Out) => {
    resolve(result);
    void worker.terminate();
  });
  worker.once("error", reject);
  worker.once("exit", (code) => {
    signal.removeEventListener("abort", end);
    reject(new Error(`The thread ended with code ${code} and no result.`));
  });
  return promise;
}
