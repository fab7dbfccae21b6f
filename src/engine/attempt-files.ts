import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline as flow } from "node:stream/promises";
import { safeName } from "../domain/file-name.ts";
import { parseTaskId } from "../domain/ids.ts";
import { artifactId } from "../domain/ledger/content-key.ts";
import { partAt } from "../domain/parts.ts";
import { type FileRef, JOB_ITEM, type JobRecord, type TaskRecord } from "../domain/records.ts";
import { filesOf } from "../domain/stored.ts";
import { fileView } from "../domain/views.ts";
import { MillraceError } from "../errors.ts";
import type { Artifact, NewFile, StepContext } from "../pipeline/context.ts";
import { nameOf } from "../pipeline/output-name.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Store } from "../ports/store/store.ts";
import { ShownFiles } from "./ended-items.ts";
import { type KeptBlob, keepBlob } from "./keep-blob.ts";
import { PIN_MS } from "./leases.ts";
import { newStepFolder } from "./step-folders.ts";

export interface AttemptOf {
  task: TaskRecord;
  job: JobRecord;
  signal: AbortSignal;
  /** Called for every blob that the attempt writes, so that its lease keeps them pinned. */
  onPinned(key: string): void;
}

/** The files of one attempt: those it may read, those it writes, and its temporary folders. */
export interface AttemptFiles
  extends Pick<StepContext<unknown>, "read" | "stream" | "path" | "write" | "pass" | "folder"> {
  /** What the step wrote, in order. */
  outputs: FileRef[];
  /** Registers a file of an item with the step's context. */
  show(file: FileRef): Artifact;
  /** The record of a file that the step may read. */
  find(file: { artifactId: string }): Promise<FileRef>;
  /** Stores bytes as a pinned blob. */
  put(data: NewFile["data"]): Promise<KeptBlob>;
  /** Makes a blob the attempt's until it is settled. */
  pin(blob: string): void;
  /** A record has taken over the blob. */
  handOver(blob: string): void;
  /** Deletes temporary files, and unpins what the step wrote unless it is kept. */
  clean(kept: boolean): Promise<void>;
}

export function attemptFiles(
  store: Pick<Store, "pin" | "unpin" | "artifact" | "now">,
  blobs: BlobStore,
  { task, job, signal, onPinned }: AttemptOf,
): AttemptFiles {
  const files = new Map<string, FileRef>();
  for (const file of [...filesOf(task), ...job.attachments]) files.set(file.artifactId, file);
  const shown = new ShownFiles();
  const outputs: FileRef[] = [];
  /** Blobs that this attempt wrote and pinned. */
  const pinned: string[] = [];
  const folders: string[] = [];
  const { name: step, kind } = job.plan[task.step]!;

  const find = async (file: { artifactId: string }): Promise<FileRef> => {
    const known = files.get(file.artifactId) ?? shown.find(file);
    if (known) return known;
    // An `all` step may read every file of its job, and a join those of its parts: a result may name this one.
    const isWithin = task.item === JOB_ITEM || (kind === "join" && isOfPart(file.artifactId, task));
    const found = isWithin && (await store.artifact({ owner: job.owner, id: file.artifactId }));
    if (found && found !== "expired" && found.jobId === job.id) return found;
    throw new MillraceError("not_found", `The step ${step} has no file ${file.artifactId}.`);
  };
  const pin = (blob: string) => {
    pinned.push(blob);
    onPinned(blob);
  };
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

  return {
    ...{ outputs, show: shown.show, find, put, pin, folder },
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
    async write(file) {
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
    async pass(file) {
      signal.throwIfAborted();
      const found = await find(file);
      const { blob, sha256, bytes } = found;
      // Content that is already live keeps its key.
      await store.pin({ key: blob, sha256, bytes, until: store.now() + PIN_MS });
      pin(blob);
      const passed = { ...found, artifactId: artifactId(task, outputs.length) };
      outputs.push(passed);
      files.set(passed.artifactId, passed);
      return fileView(passed);
    },
    handOver: (blob) => void pinned.splice(pinned.indexOf(blob), 1),
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
