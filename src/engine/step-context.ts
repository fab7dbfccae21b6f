import type { AiService } from "../ai/service.ts";
import type { NewChild, NewPart as StoredPart } from "../domain/commands.ts";
import { partAt } from "../domain/parts.ts";
import { type FileRef, JOB_ITEM, type Json } from "../domain/records.ts";
import { fileView } from "../domain/views.ts";
import { MillraceError } from "../errors.ts";
import { aiOver, noAi } from "../pipeline/ai-calls.ts";
import type { Catalog } from "../pipeline/catalog.ts";
import type { AllContext, EachContext, StepContext, StepLog } from "../pipeline/context.ts";
import type { JoinContext, NewPart, PartContext } from "../pipeline/parts.ts";
import { collectWarnings, type Warnings } from "../pipeline/warnings.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Bus } from "../ports/bus.ts";
import type { Store } from "../ports/store/store.ts";
import { type AttemptFiles, type AttemptOf, attemptFiles } from "./attempt-files.ts";
import type { Catalogs } from "./catalogs/catalogs.ts";
import { endedItems } from "./ended-items.ts";
import { endedParts, partInfo } from "./ended-parts.ts";
import type { Engine } from "./engine.ts";
import { keepParts } from "./keep-parts.ts";
import { type Kept, keepResult } from "./keep-result.ts";
import { readJson } from "./large-json.ts";
import { liveProgress } from "./live-progress.ts";
import type { LiveTexts } from "./live-texts.ts";
import type { MemoryShare } from "./memory-share.ts";
import { memoOf, recallOf } from "./memos.ts";
import type { Pictures } from "./pictures.ts";
import type { Publications } from "./publications.ts";
import { stepTurns } from "./step-turns.ts";
import { collectSubmissions } from "./submissions.ts";
import type { Threads } from "./threads.ts";

export interface ContextParts {
  store: Pick<Store, "pin" | "unpin" | "memo" | "remember" | "items" | "parts" | "artifact" | "now">;
  blobs: BlobStore;
  bus: Bus;
  threads: Threads;
  texts: LiveTexts;
  memory: Pick<MemoryShare, "reserve">;
  prepare: Engine["prepare"];
  catalogs: Pick<Catalogs, "get">;
  publications: Pick<Publications, "publish">;
  pictures: Pick<Pictures, "nearDuplicates">;
  limiter: Engine["limiter"];
  ai: AiService | null;
  log: StepLog;
}

type OfParts = Pick<PartContext<unknown, Json, Json>, "part"> &
  Pick<JoinContext<unknown, Json, Json, Json>, "parts">;

export interface Running {
  context: EachContext<unknown, Json, Json> & AllContext<unknown, Json, Json, Json> & OfParts;
  /** What the step wrote, in order. */
  outputs: FileRef[];
  warnings: Warnings;
  /** The jobs that the step started. */
  children(): NewChild[];
  /** Stores the step's return value: inline, or as a file if it is large. */
  keep(returned: unknown): Promise<Kept>;
  /** Stores what a split returned. */
  keepParts(returned: readonly NewPart[]): Promise<Kept & { parts: StoredPart[] }>;
  /** Deletes temporary files, and unpins what the step wrote unless it is kept. */
  clean(kept: boolean): Promise<void>;
}

/** Everything that one attempt at one task may do. */
export async function stepContext(parts: ContextParts, attempt: AttemptOf): Promise<Running> {
  const { store, blobs, threads, memory, log } = parts;
  const { task, job, signal } = attempt;
  const files = attemptFiles(store, blobs, attempt);
  const { find, put, pin: onPinned } = files;
  const warnings = collectWarnings();
  const submissions = collectSubmissions({ prepare: parts.prepare, job, task, find, onPinned });
  const live = liveProgress(parts.bus, parts.texts, attempt);
  const once = memoOf(store, blobs, attempt, files);
  const { ai } = parts;
  const { name, cacheKey } = job.plan[task.step]!;
  const refuseCached = (method: string) => {
    if (cacheKey === null) return;
    throw new TypeError(
      `${method} needs a step that is never cached: give the step "${name}" cache: "never".`,
    );
  };
  const turnTask = { now: store.now, signal, once, recall: recallOf(store, blobs, attempt) };
  const common: StepContext<unknown> = {
    jobId: job.id,
    owner: job.owner,
    pipeline: job.pipeline,
    step: job.plan[task.step]!.name,
    attempt: task.attempt,
    options: task.options ? task.options.value : job.options,
    signal,
    log,
    ...{ progress: live.progress, delta: live.delta },
    warn: warnings.warn,
    ...{ read: files.read, stream: files.stream, path: files.path, write: files.write },
    ...{ pass: files.pass, folder: files.folder },
    submit: submissions.submit,
    lookup: async <T>(catalog: Pick<Catalog<T>, "name">, key: string) =>
      (await parts.catalogs.get(catalog.name).lookup(key)) as T | undefined,
    async publish(file) {
      refuseCached("publish");
      return parts.publications.publish(await find(file), job);
    },
    async nearDuplicates(file, turned, options) {
      refuseCached("nearDuplicates");
      const { artifactId } = await find(file);
      return parts.pictures.nearDuplicates({ artifactId, owner: job.owner, jobId: job.id }, turned, options);
    },
    ...stepTurns(parts.limiter, turnTask),
    reserveMemory: memory.reserve,
    thread: (module, input) => threads.run(module, input, signal),
    once,
    ai: ai
      ? aiOver(ai.modelsOf(job.pipeline), (call) =>
          ai.make(call, {
            ...{
              jobId: job.id,
              owner: job.owner,
              pipeline: job.pipeline,
              createdAt: job.createdAt,
              signal,
              log,
            },
            ...{ now: turnTask.now, once, recall: turnTask.recall, read: files.read, delta: live.delta },
          }),
        )
      : noAi,
  };
  const context = Object.assign(common, await workOf(parts, attempt, files));
  defineFile(context, attempt);
  return {
    context: context as unknown as Running["context"],
    outputs: files.outputs,
    warnings,
    children: submissions.list,
    keep: (returned) => keepResult(returned, attempt, put),
    async keepParts(returned) {
      const made = await keepParts(returned, { task, find, put });
      return { result: null, resultFile: null, cache: false, parts: made };
    },
    clean(kept) {
      live.end();
      return files.clean(kept);
    },
  };
}

/** The input of the step: an item, a part, or everything that ended before it. */
async function workOf(
  { store, blobs }: ContextParts,
  { task, job, signal }: AttemptOf,
  { show }: AttemptFiles,
) {
  const source = { store, blobs, job, signal, show };
  const part = partAt(task.item);
  return {
    index: part ? part.item : task.item,
    name: task.name,
    inputs: task.inputs.map(fileView),
    data: task.dataFile ? await readJson(blobs, task.dataFile.blob) : task.data,
    previous: task.previousFile ? await readJson(blobs, task.previousFile.blob) : task.previous,
    ...(task.url !== null && { url: task.url }),
    ...(task.item === JOB_ITEM && endedItems(source)),
    ...(job.plan[task.step]!.kind === "join" && endedParts({ ...source, item: task })),
    ...(part && { part: await partInfo(task, source) }),
  };
}

function defineFile(context: object, { task, job }: AttemptOf): void {
  const step = job.plan[task.step]!.name;
  Object.defineProperty(context, "file", {
    enumerable: true,
    get() {
      if (task.input) return fileView(task.input);
      throw new MillraceError(
        "invalid_request",
        `The step ${step} reads a file, but the job was created without one.`,
      );
    },
  });
}
