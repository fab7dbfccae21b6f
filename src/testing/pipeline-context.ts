import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import type { BudgetRecords } from "../domain/budgets.ts";
import { hashDistance, MAX_DISTANCE } from "../domain/picture-hashes.ts";
import type { Json } from "../domain/records.ts";
import { reserve, slow } from "../domain/reservations.ts";
import { stepTurns } from "../engine/step-turns.ts";
import type { Ai } from "../pipeline/ai.ts";
import { noAi } from "../pipeline/ai-calls.ts";
import type { Catalog } from "../pipeline/catalog.ts";
import type {
  Artifact,
  NearDuplicate,
  NewFile,
  StepContext,
  StepLog,
  Submission,
} from "../pipeline/context.ts";
import { nameOf } from "../pipeline/output-name.ts";
import { collectWarnings, type Warnings } from "../pipeline/warnings.ts";
import type { Limiter } from "../ports/limiter.ts";

/** Artifacts in a folder: each is a file named by its id, with its metadata. */
export interface ArtifactFolder {
  readonly path: string;
  readonly pathOf: (artifactId: string) => string;
  readonly find: (artifactId: string) => Artifact;
  /** Perceptual hashes by artifact. */
  readonly hashes: Map<string, string>;
  readonly add: (name: string, file: Pick<NewFile, "data" | "mediaType" | "meta">) => Promise<Artifact>;
}

export function artifactFolder(path: string): ArtifactFolder {
  const known = new Map<string, Artifact>();
  const find = (artifactId: string) => {
    const found = known.get(artifactId);
    if (!found) throw new Error(`There is no artifact "${artifactId}" in this run.`);
    return found;
  };
  return {
    path,
    find,
    hashes: new Map(),
    pathOf: (artifactId) => join(path, find(artifactId).artifactId),
    async add(name, { data, mediaType, meta }) {
      const artifactId = randomUUID();
      const target = join(path, artifactId);
      await writeFile(target, data);
      const content = Buffer.isBuffer(data) ? data : await readFile(target);
      const sha256 = createHash("sha256").update(content).digest("hex");
      const bytes = (await stat(target)).size;
      const artifact = { artifactId, name, mediaType, bytes, sha256, ...(meta && { meta: jsonCopy(meta) }) };
      known.set(artifactId, artifact);
      return artifact;
    },
  };
}

/** A job that a step started, which is not run. */
export interface Submitted extends Submission {
  key: string;
  pipeline: string;
}

export interface ContextParts<Options> {
  files: ArtifactFolder;
  pipeline: string;
  step: string;
  attempt: number;
  /** @default "test" */
  jobId?: string;
  /** @default "test" */
  owner?: string;
  /** The item's name, or "". */
  name: string;
  options: Options;
  signal: AbortSignal;
  /** Results of `once`, kept across the attempts of one task. */
  memo: Map<string, Json>;
  /** Entries by catalog and key. */
  catalogs?: { readonly [name: string]: { readonly [key: string]: unknown } };
  /** @default none is configured */
  ai?: Ai;
  onProgress: (fraction: number, message: string | undefined) => void;
  onDelta: (text: string) => void;
  onSubmit?: (submitted: Submitted) => void;
}

/** A step's context over local files, with lists of what the step wrote and warned of. */
export function stepContext<Options>(parts: ContextParts<Options>): {
  context: StepContext<Options>;
  written: Artifact[];
  warnings: Warnings;
} {
  const { files, signal, memo } = parts;
  const written: Artifact[] = [];
  const warnings = collectWarnings();
  const once = async <T extends Json>(key: string, fn: () => Promise<T>): Promise<T> => {
    if (!memo.has(key)) memo.set(key, jsonCopy(await fn()));
    return memo.get(key) as T;
  };
  const context: StepContext<Options> = {
    jobId: parts.jobId ?? "test",
    owner: parts.owner ?? "test",
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
    async pass({ artifactId }) {
      const passed = files.find(artifactId);
      written.push(passed);
      return passed;
    },
    async publish({ artifactId }) {
      const { sha256, name } = files.find(artifactId);
      return `https://cdn.example/p/${sha256}${extname(name)}`;
    },
    nearDuplicates: async ({ artifactId }, turned, options) =>
      nearDuplicates(files, artifactId, turned, options),
    ai: parts.ai ?? noAi,
    ...stepTurns(async () => budgets, { signal, now: Date.now, once, recall: async (key) => memo.get(key) }),
    // The test's own process has no memory budget.
    reserveMemory: async () => {},
    folder: () => mkdtemp(join(files.path, "folder-")),
    thread: (module, input) => runInThread(module, input, signal),
    once,
  };
  return { context, written, warnings };
}

/** Among the pictures of the run, which has one owner. */
function nearDuplicates(
  { hashes }: ArtifactFolder,
  artifactId: string,
  turned: readonly string[],
  { limit = 20 }: { limit?: number } = {},
): NearDuplicate[] {
  hashes.set(artifactId, turned[0]!);
  return [...hashes]
    .filter(([id]) => id !== artifactId)
    .map(([id, hash]) => ({
      artifactId: id,
      jobId: "test",
      distance: Math.min(...turned.map((one) => hashDistance(one, hash))),
    }))
    .filter(({ distance }) => distance <= MAX_DISTANCE)
    .sort((one, other) => one.distance - other.distance)
    .slice(0, limit);
}
const records: BudgetRecords = new Map();
/** The budgets of this process, with the rules that all limiters share. */
const budgets: Pick<Limiter, "reserve" | "slow"> = {
  reserve: async (charges, { withinMs }) => reserve(records, charges, withinMs, Date.now()),
  slow: async (budget, retryMs) => slow(records, budget, retryMs, Date.now()),
};

/** A result as the next step reads it: JSON, as the store keeps it. */
export function jsonCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value ?? null)) as T;
}

const ignore = () => undefined;
const silent: StepLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

// Evaluated from a string, so that the built package needs no extra file for it.
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
