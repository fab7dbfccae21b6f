import type { NewChild, NewPart as StoredPart } from "../domain/commands.ts";
import { partAt } from "../domain/parts.ts";
import { type FileRef, JOB_ITEM, type Json } from "../domain/records.ts";
import { fileView } from "../domain/views.ts";
import { MillraceError } from "../errors.ts";
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
import type { MemoryShare } from "./memory-share.ts";
import { memoOf } from "./memos.ts";
import { collectSubmissions } from "./submissions.ts";
import type { Threads } from "./threads.ts";

export interface ContextParts {
  store: Pick<Store, "pin" | "unpin" | "memo" | "remember" | "items" | "parts" | "artifact" | "now">;
  blobs: BlobStore;
  bus: Bus;
  threads: Threads;
  memory: Pick<MemoryShare, "reserve">;
  prepare: Engine["prepare"];
  catalogs: Pick<Catalogs, "get">;
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
  /** Keeps what the step returned: as it is, or as a file when it is large. */
  keep(returned: unknown): Promise<Kept>;
  /** Keeps what a split returned. */
  keepParts(returned: readonly NewPart[]): Promise<Kept & { parts: StoredPart[] }>;
  /** Removes what the step left behind, and lets go of what it wrote when that came to nothing. */
  clean(kept: boolean): Promise<void>;
}

/** Everything one attempt at one task may do, built for it alone. */
export async function stepContext(parts: ContextParts, attempt: AttemptOf): Promise<Running> {
  const { store, blobs, threads, memory, log } = parts;
  const { task, job, signal } = attempt;
  const files = attemptFiles(store, blobs, attempt);
  const { find, put, pin: onPinned } = files;
  const warnings = collectWarnings();
  const submissions = collectSubmissions({ prepare: parts.prepare, job, task, find, onPinned });
  const common: StepContext<unknown> = {
    jobId: job.id,
    owner: job.owner,
    pipeline: job.pipeline,
    step: job.plan[task.step]!.name,
    attempt: task.attempt,
    options: job.options,
    signal,
    log,
    ...liveProgress(parts.bus, attempt),
    warn: warnings.warn,
    ...{ read: files.read, stream: files.stream, path: files.path, write: files.write, folder: files.folder },
    submit: submissions.submit,
    lookup: async <T>(catalog: Pick<Catalog<T>, "name">, key: string) =>
      (await parts.catalogs.get(catalog.name).lookup(key)) as T | undefined,
    reserveMemory: memory.reserve,
    thread: (module, input) => threads.run(module, input, signal),
    once: memoOf(store, blobs, attempt, files),
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
    clean: files.clean,
  };
}

/** What the task gives its step to work on: an item, a part, or all that ended before it. */
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
