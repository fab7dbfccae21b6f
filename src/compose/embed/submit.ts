import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { NamedFile, NewJob } from "../../client/index.ts";
import type { Engine, JobFile, ReceivedFile } from "../../engine/engine.ts";
import { loadTracing } from "../../engine/tracing.ts";
import { MillraceError } from "../../errors.ts";
import type { Created } from "../../ports/store/jobs.ts";

/** A file of a job: one of this machine, bytes, a finished upload, a file of an earlier job, or one to be fetched. */
export type EmbeddedFile =
  | { path: string; name?: string }
  | { name: string; data: Readable }
  | NamedFile
  | Blob
  | { uploadId: string }
  | { artifactId: string }
  | { url: string };

/** What a job is made of. `options` may be left out where the pipeline needs none. */
export type EmbeddedJob<P = unknown> = Omit<NewJob<P>, "files" | "options"> &
  Pick<NewJob<P>, "options"> & {
    files?: readonly EmbeddedFile[];
    /** Files of options, by the path of the option: `{ "watermark.image": { path: "logo.png" } }`. */
    optionFiles?: Record<string, EmbeddedFile>;
  };

export interface EmbeddedSubmit {
  /** Whose job it is. @default "local" */
  owner?: string;
  /** The same key makes no second job, for 24 hours. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** Files that are taken in at once. */
const INTAKE = 4;

/** Takes the files in and creates the job, as a request to the API does. */
export async function submitJob(
  engine: Engine,
  pipelineName: string,
  job: EmbeddedJob,
  { owner, idempotencyKey, signal }: EmbeddedSubmit & { owner: string },
): Promise<Created> {
  const { files: given = [], optionFiles = {}, options = {}, startAt, ...fields } = job;
  const start = startAt === undefined ? undefined : new Date(startAt).getTime();
  const delayed = start !== undefined && start > engine.store.now();
  const admission = await engine.admit({
    owner,
    pipeline: pipelineName,
    tasks: Math.max(1, given.length, fields.items?.length ?? 0),
    fetches: given.some((file) => "url" in file),
    delayed,
    idempotencyKey,
  });
  const { accepts } = admission.pipeline;
  const received: ReceivedFile[] = [];
  const take = async (file: EmbeddedFile, mediaTypes: readonly string[]): Promise<JobFile> => {
    if ("artifactId" in file || "url" in file) return file;
    if ("uploadId" in file) return engine.uploads.file(owner, file.uploadId);
    const { name, source } = await sourceOf(file);
    const one = await engine.receive(source, { name, mediaTypes, maxBytes: accepts.maxFileBytes, signal });
    received.push(one);
    return one;
  };
  const traceparent = (await loadTracing()).current() ?? undefined;
  let created: Created | null = null;
  try {
    const named = new Map<string, ReceivedFile>();
    for (const [path, file] of Object.entries(optionFiles)) {
      named.set(path, (await take(file, ["*"])) as ReceivedFile);
    }
    const files = await inLanes(given, (file) => take(file, accepts.mediaTypes));
    created = await engine.createJob({
      ...fields,
      owner,
      pipeline: pipelineName,
      options,
      files,
      optionFiles: named,
      startAt: start,
      idempotencyKey,
      traceparent,
      admission,
    });
    return created;
  } finally {
    if (!created?.created) {
      await admission.release();
      await engine.discard(received);
    }
  }
}

async function sourceOf(
  file: Exclude<EmbeddedFile, { uploadId: string } | { artifactId: string } | { url: string }>,
): Promise<{ name: string; source: Readable }> {
  if (file instanceof Blob) return { name: (file as Partial<File>).name ?? "", source: streamOf(file) };
  if ("path" in file) {
    const blob = await openAsBlob(file.path).catch((cause: Error) => {
      throw new MillraceError("invalid_request", `${file.path} cannot be read: ${cause.message}`, { cause });
    });
    return { name: file.name ?? basename(file.path), source: streamOf(blob) };
  }
  const { name, data } = file;
  if (data instanceof Readable) return { name, source: data };
  return { name, source: streamOf(data instanceof Blob ? data : new Blob([data])) };
}

function streamOf(blob: Blob): Readable {
  return Readable.fromWeb(blob.stream() as ReadableStream);
}

async function inLanes<In, Out>(all: readonly In[], work: (one: In) => Promise<Out>): Promise<Out[]> {
  const results = new Array<Out>(all.length);
  const waiting = all.entries();
  const lane = async () => {
    for (const [index, one] of waiting) results[index] = await work(one);
  };
  await Promise.all(Array.from({ length: INTAKE }, lane));
  return results;
}
