import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { NamedFile, NewJob, OptionsPatch } from "../../client/index.ts";
import type { Engine, JobFile, ReceivedFile } from "../../engine/engine.ts";
import { loadTracing } from "../../engine/tracing.ts";
import { MillraceError } from "../../errors.ts";
import type { Created } from "../../ports/store/jobs.ts";

/** A file of a job: a local file, bytes, a finished upload, a file of an earlier job, or a URL to fetch. */
export type EmbeddedFile<Options = unknown> =
  | Blob
  | ((
      | { path: string; name?: string }
      | { name: string; data: Readable }
      | NamedFile
      | { uploadId: string }
      | { artifactId: string }
      | { url: string }
    ) & {
      /** Of this file alone: a merge patch of the job's options, so `null` removes one. */
      options?: Options;
    });

/** A job's input. `options` may be omitted if the pipeline needs none. */
export type EmbeddedJob<P = unknown> = Omit<NewJob<P>, "files" | "options"> &
  Pick<NewJob<P>, "options"> & {
    files?: readonly EmbeddedFile<OptionsPatch<P>>[];
    /** Files of options, by the path of the option: `{ "watermark.image": { path: "logo.png" } }`. */
    optionFiles?: Record<string, EmbeddedFile>;
  };

export interface EmbeddedSubmit {
  /** Owner of the job. @default "local" */
  owner?: string;
  /** Repeating a key within 24 hours creates no second job. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** Files read concurrently. */
const INTAKE = 4;

/** Stores the files and creates the job, like a request to the API. */
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
    fromInside: true,
  });
  const { accepts } = admission.pipeline;
  const received: ReceivedFile[] = [];
  const take = async (file: EmbeddedFile, mediaTypes: readonly string[]): Promise<JobFile> => {
    if ("artifactId" in file) return { artifactId: file.artifactId };
    if ("url" in file) return { url: file.url };
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
      fileOptions: given.map((file) => (file instanceof Blob ? null : file.options)),
      optionFiles: named,
      startAt: start,
      idempotencyKey,
      traceparent,
      admission,
      fromInside: true,
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
