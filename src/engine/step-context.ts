import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline as flow } from "node:stream/promises";
import { safeName } from "../domain/file-name.ts";
import { taskId } from "../domain/ids.ts";
import { artifactId } from "../domain/ledger/content-key.ts";
import { type FileRef, JOB_ITEM, type JobRecord, type Json, type TaskRecord } from "../domain/records.ts";
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
import { collectWarnings, type Warnings } from "../pipeline/warnings.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Bus } from "../ports/bus.ts";
import type { Store } from "../ports/store/store.ts";
import { PIN_MS } from "./leases.ts";
import { MAX_PROGRESS_CHARACTERS } from "./messages/read.ts";
import { type LiveMessage, topics } from "./messages/topics.ts";
import { newStepFolder } from "./step-folders.ts";
import type { Threads } from "./threads.ts";

const PROGRESS_MS = 100;

export interface ContextParts {
  store: Pick<Store, "pin" | "unpin" | "memo" | "remember" | "now">;
  blobs: BlobStore;
  bus: Bus;
  threads: Threads;
  log: StepLog;
}

export interface Running {
  context: EachContext<unknown, Json> & AllContext<unknown, Json, Json>;
  /** What the step wrote, in order. */
  outputs: FileRef[];
  warnings: Warnings;
  /** Removes what the step left behind, and lets go of what it wrote when that came to nothing. */
  clean(kept: boolean): Promise<void>;
}

/** Everything one attempt at one task may do, built for it alone. */
export function stepContext(
  parts: ContextParts,
  { task, job, siblings }: { task: TaskRecord; job: JobRecord; siblings: TaskRecord[] },
  signal: AbortSignal,
  onPinned: (key: string) => void,
): Running {
  const { store, blobs, bus, threads, log } = parts;
  const id = taskId(task.jobId, task.item);
  const step = job.plan[task.step]!.name;
  const files = new Map<string, FileRef>();
  const outputs: FileRef[] = [];
  const folders: string[] = [];
  const warnings = collectWarnings();
  for (const one of [task, ...siblings]) {
    for (const file of [...one.inputs, ...one.outputs, ...(one.input ? [one.input] : [])])
      files.set(file.artifactId, file);
  }
  for (const file of job.attachments) files.set(file.artifactId, file);

  const find = (file: { artifactId: string }): FileRef => {
    const found = files.get(file.artifactId);
    if (!found) throw new MillraceError("not_found", `The step ${step} has no file ${file.artifactId}.`);
    return found;
  };
  const folder = async () => {
    const path = await newStepFolder();
    folders.push(path);
    return path;
  };
  const tell = (type: LiveMessage["type"], data: { [key: string]: Json }) => {
    const { owner, attempt } = task;
    const message: LiveMessage = { owner, jobId: job.id, type, index: task.item, attempt, data };
    // Best effort: those who watch may miss a step of the bar.
    bus.publish(topics.live, JSON.stringify(message)).catch(() => {});
  };

  const common: StepContext<unknown> = {
    jobId: job.id,
    pipeline: job.pipeline,
    step,
    attempt: task.attempt,
    options: job.options,
    signal,
    log,
    progress: throttled((fraction, message) =>
      tell("item.progress", { step, fraction, message: message?.slice(0, MAX_PROGRESS_CHARACTERS) ?? null }),
    ),
    warn: warnings.warn,
    delta: (text) => tell("text.delta", { text: text.slice(0, 4_000) }),
    read: (file) => blobs.read(find(file).blob),
    stream: (file) => blobs.open(find(file).blob),
    async path(file) {
      const { blob, name } = find(file);
      const local = blobs.localPath(blob);
      if (local !== null) return local;
      const copy = join(await folder(), safeName(name));
      await flow(await blobs.open(blob), createWriteStream(copy), { signal });
      return copy;
    },
    async write(file: NewFile): Promise<Artifact> {
      signal.throwIfAborted();
      const stored = await blobs.put(file.data, { signal });
      const { key } = await store.pin({ ...stored, until: store.now() + PIN_MS });
      if (key !== stored.key) await blobs.remove([stored.key]);
      const written: FileRef = {
        artifactId: artifactId(task, outputs.length),
        ...nameOf(file, task.name),
        mediaType: file.mediaType,
        bytes: stored.bytes,
        sha256: stored.sha256,
        blob: key,
        ...(file.meta ? { meta: file.meta } : {}),
      };
      onPinned(key);
      outputs.push(written);
      files.set(written.artifactId, written);
      return fileView(written);
    },
    folder,
    thread: (module, input) => threads.run(module, input, signal),
    async once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T> {
      const known = await store.memo({ taskId: id, step, key });
      if (known) return known.value as T;
      const value = await fn();
      await store.remember({ taskId: id, step, key, value, lease: task.lease! });
      return value;
    },
  };
  const ended = siblings.filter((one) => one.item !== JOB_ITEM);
  const context = Object.assign(common, {
    index: task.item,
    name: task.name,
    inputs: task.inputs.map(fileView),
    previous: task.previous,
    items: ended
      .filter((one) => one.state === "succeeded")
      .map((one) => ({
        index: one.item,
        name: one.name,
        file: one.input && fileView(one.input),
        outputs: one.outputs.map(fileView),
        result: one.result,
      })),
    failures: ended
      .filter((one) => one.state !== "succeeded")
      .map(({ item, name, state, error }) => ({
        index: item,
        name,
        code: error?.code ?? state,
        message: error?.message ?? `The item was ${state}.`,
      })),
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
    async clean(kept) {
      if (!kept && outputs.length > 0) await store.unpin({ keys: outputs.map((file) => file.blob) });
      await Promise.all(folders.map((path) => rm(path, { recursive: true, force: true })));
    },
  };
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
