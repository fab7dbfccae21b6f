import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline as flow } from "node:stream/promises";
import type { NewChild, NewPart as StoredPart } from "../domain/commands.ts";
import { safeName } from "../domain/file-name.ts";
import { parseTaskId, taskId } from "../domain/ids.ts";
import { artifactId, resultId } from "../domain/ledger/content-key.ts";
import { partAt } from "../domain/parts.ts";
import {
  type FileRef,
  inlineBytes,
  JOB_ITEM,
  type JobRecord,
  type Json,
  type TaskRecord,
} from "../domain/records.ts";
import { filesOf } from "../domain/stored.ts";
import { fileView } from "../domain/views.ts";
import { MillraceError } from "../errors.ts";
import type {
  AllContext,
  Artifact,
  EachContext,
  NewFile,
  StepContext,
  StepLog,
} from "../pipeline/context.ts";
import { nameOf } from "../pipeline/output-name.ts";
import type { JoinContext, NewPart, PartContext } from "../pipeline/parts.ts";
import { collectWarnings, type Warnings } from "../pipeline/warnings.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Bus } from "../ports/bus.ts";
import type { Store } from "../ports/store/store.ts";
import { endedItems, ShownFiles } from "./ended-items.ts";
import { endedParts, partInfo } from "./ended-parts.ts";
import type { Engine } from "./engine.ts";
import { keepBlob } from "./keep-blob.ts";
import { keepParts } from "./keep-parts.ts";
import { packJson, readJson } from "./large-json.ts";
import type { MemoryShare } from "./memory-share.ts";
import { MAX_PROGRESS_CHARACTERS } from "./messages/read.ts";
import { textMessages } from "./messages/text-pieces.ts";
import { type LiveMessage, topics } from "./messages/topics.ts";
import { newStepFolder } from "./step-folders.ts";
import { collectSubmissions } from "./submissions.ts";
import type { Threads } from "./threads.ts";

const PROGRESS_MS = 100;
/** Of the JSON that a step returns: the next one holds it in memory. */
const MAX_RESULT_BYTES = 4_000_000;

export interface ContextParts {
  store: Pick<Store, "pin" | "unpin" | "memo" | "remember" | "items" | "parts" | "artifact" | "now">;
  blobs: BlobStore;
  bus: Bus;
  threads: Threads;
  memory: Pick<MemoryShare, "reserve">;
  prepare: Engine["prepare"];
  log: StepLog;
}

interface Kept {
  result: Json;
  resultFile: FileRef | null;
  /** False for a result that names its job or a file of it: in another job it would name what is not there. */
  cache: boolean;
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
export async function stepContext(
  parts: ContextParts,
  { task, job }: { task: TaskRecord; job: JobRecord },
  signal: AbortSignal,
  onPinned: (key: string) => void,
): Promise<Running> {
  const { store, blobs, bus, threads, memory, log } = parts;
  const id = taskId(task.jobId, task.item);
  const { name: step, kind } = job.plan[task.step]!;
  const files = new Map<string, FileRef>();
  const shown = new ShownFiles();
  const outputs: FileRef[] = [];
  /** Blobs that this attempt wrote and pinned. */
  const pinned: string[] = [];
  const folders: string[] = [];
  const warnings = collectWarnings();
  for (const file of [...filesOf(task), ...job.attachments]) files.set(file.artifactId, file);

  const find = async (file: { artifactId: string }): Promise<FileRef> => {
    const known = files.get(file.artifactId) ?? shown.find(file);
    if (known) return known;
    // An `all` step may read every file of its job, and a join those of its parts: this one was named by a result.
    const isWithin = task.item === JOB_ITEM || (kind === "join" && isOfPart(file.artifactId, task));
    const found = isWithin && (await store.artifact({ owner: job.owner, id: file.artifactId }));
    if (found && found !== "expired" && found.jobId === job.id) return found;
    throw new MillraceError("not_found", `The step ${step} has no file ${file.artifactId}.`);
  };
  const pin = (blob: string) => {
    pinned.push(blob);
    onPinned(blob);
  };
  const submissions = collectSubmissions({ prepare: parts.prepare, job, task, find, onPinned: pin });
  const put = async (data: NewFile["data"]) => {
    const kept = await keepBlob({ blobs, store }, data, { signal });
    pin(kept.blob);
    return kept;
  };
  const folder = async () => {
    const path = await newStepFolder();
    folders.push(path);
    return path;
  };
  const place = partAt(task.item);
  const ofPart: { [name: string]: number } = place ? { part: place.part } : {};
  const from = {
    ...{ owner: task.owner, jobId: job.id, attempt: task.attempt },
    index: place ? place.item : task.item,
  };
  // Best effort: while the bus is away, those who watch miss a step of the bar or a piece of the text.
  const tell = (message: string) => void bus.publish(topics.live, message).catch(() => {});
  const tellProgress = (fraction: number, message?: string) => {
    const data = { step, fraction, message: message?.slice(0, MAX_PROGRESS_CHARACTERS) ?? null, ...ofPart };
    tell(JSON.stringify({ ...from, type: "item.progress", data } satisfies LiveMessage));
  };

  const common: StepContext<unknown> = {
    jobId: job.id,
    owner: job.owner,
    pipeline: job.pipeline,
    step,
    attempt: task.attempt,
    options: job.options,
    signal,
    log,
    progress: throttled(tellProgress),
    warn: warnings.warn,
    delta: (text) => textMessages(from, text, ofPart).forEach(tell),
    read: async (file) => blobs.read((await find(file)).blob),
    stream: async (file) => blobs.open((await find(file)).blob),
    async path(file) {
      const { blob, name } = await find(file);
      const local = blobs.localPath(blob);
      if (local !== null) return local;
      const copy = join(await folder(), safeName(name));
      await flow(await blobs.open(blob), createWriteStream(copy), { signal });
      return copy;
    },
    async write(file: NewFile): Promise<Artifact> {
      signal.throwIfAborted();
      const stored = await put(file.data);
      const written: FileRef = {
        artifactId: artifactId(task, outputs.length),
        ...nameOf(file, task.name),
        mediaType: file.mediaType,
        ...stored,
        ...(file.meta ? { meta: file.meta } : {}),
      };
      outputs.push(written);
      files.set(written.artifactId, written);
      return fileView(written);
    },
    folder,
    submit: submissions.submit,
    reserveMemory: memory.reserve,
    thread: (module, input) => threads.run(module, input, signal),
    async once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T> {
      const known = await store.memo({ taskId: id, step, key });
      if (known) return (known.blob === null ? known.value : await readJson(blobs, known.blob)) as T;
      const returned = await fn();
      const { value, bytes } = packJson(returned, inlineBytes(job, task));
      const blob = bytes && (await put(bytes)).blob;
      const memo = { taskId: id, step, key, value, blob, lease: task.lease!, now: store.now() };
      const { ok } = await store.remember(memo);
      // The memo has taken over the pin.
      if (ok && blob !== null) pinned.splice(pinned.indexOf(blob), 1);
      return returned;
    },
  };
  const previous = task.previousFile ? await readJson(blobs, task.previousFile.blob) : task.previous;
  const source = { store, blobs, job, signal, show: shown.show };
  const data = task.dataFile ? await readJson(blobs, task.dataFile.blob) : task.data;
  const ended = task.item === JOB_ITEM && endedItems(source);
  const context = Object.assign(common, {
    index: from.index,
    name: task.name,
    inputs: task.inputs.map(fileView),
    data,
    previous,
    ...(task.url !== null && { url: task.url }),
    ...ended,
    ...(kind === "join" && endedParts({ ...source, item: task })),
    ...(place && { part: await partInfo(task, source) }),
  });
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
  return {
    context: context as unknown as Running["context"],
    outputs,
    warnings,
    children: submissions.list,
    async keep(returned) {
      const { value, bytes } = packJson(returned, inlineBytes(job, task));
      // The ids of a job's files begin with its own.
      const cache = !(bytes ?? JSON.stringify(value)).includes(job.id);
      if (bytes === null) return { result: value, resultFile: null, cache };
      if (bytes.length > MAX_RESULT_BYTES) {
        const text = `The step returned ${bytes.length} bytes of JSON; at most ${MAX_RESULT_BYTES} are kept. Write large results as files.`;
        throw new MillraceError("step_failed", text, { retryable: false });
      }
      const stored = await put(bytes);
      const name = "result.json";
      const mediaType = "application/json";
      const resultFile = { artifactId: resultId(task), name, mediaType, ...stored };
      return { result: null, resultFile, cache };
    },
    async keepParts(returned) {
      const made = await keepParts(returned, { task, find, put });
      return { result: null, resultFile: null, cache: false, parts: made };
    },
    async clean(kept) {
      await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
      if (!kept && pinned.length > 0) await store.unpin({ keys: pinned });
    },
  };
}

/** Whether a part of this item wrote the file. */
function isOfPart(artifact: string, { item }: TaskRecord): boolean {
  const writer = parseTaskId(artifact.split(".").slice(0, 2).join("."));
  return writer !== null && partAt(writer.item)?.item === item;
}

/** At most one call in `PROGRESS_MS`; the end of the bar always passes. */
function throttled(send: (fraction: number, message?: string) => void) {
  let last = Number.NEGATIVE_INFINITY;
  return (fraction: number, message?: string) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS && fraction < 1) return;
    last = now;
    send(Math.min(1, Math.max(0, fraction)), message);
  };
}
