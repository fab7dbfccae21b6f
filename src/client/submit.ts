import { never } from "./connection.ts";
import { type CallOptions, json, type Transport } from "./transport.ts";
import type { JobInput, NewJob, TypedPipeline } from "./types.ts";
import { nameOf, removeUpload, upload } from "./uploads.ts";

export interface SubmitOptions extends CallOptions {
  /**
   * Makes repeated requests safe for 24 hours: with the same key, the server returns the first job.
   * @default a new key for each call, which makes the client's own retries safe
   */
  idempotencyKey?: string;
  /** Retries while the queue is full, until `signal` is aborted. @default false */
  waitForRoom?: boolean;
  /** Bytes sent of all files. Called for resumable uploads only. */
  onProgress?(sent: number, total: number): void;
}

/** A job of any pipeline. */
export type UntypedJob = NewJob<unknown>;

interface Content {
  blob: Blob;
  name: string;
  /** Of this file alone. */
  options?: unknown;
}

/** Concurrent uploads. */
const parallel = 3;

/**
 * Creates a job. Small files go in the request itself; if they total more than `resumableFrom`, each is uploaded first.
 * @param path `/v1/jobs`, or `/v1/jobs/quote`
 */
export async function submit<T>(
  transport: Transport,
  { path, resumableFrom }: { path: string; resumableFrom: number },
  pipeline: string,
  job: UntypedJob,
  options: SubmitOptions,
): Promise<T> {
  const { signal = never(), retries, idempotencyKey = randomKey() } = options;
  const files = (job.files ?? []).map(contentOf);
  const optionFiles = [...blobsIn(job.options, [])];
  const contents = [...optionFiles.map(([, content]) => content), ...files.filter(isContent)];
  const total = contents.reduce((sum, { blob }) => sum + blob.size, 0);
  const isForm = contents.length > 0 && files.every(isContent) && total <= resumableFrom;

  const create = async (body: RequestInit["body"], headers: Record<string, string>): Promise<T> => {
    const init = { method: "POST", body, headers: { ...headers, "idempotency-key": idempotencyKey }, signal };
    const alsoOn = options.waitForRoom ? ("queue_full" as const) : undefined;
    const send = async () => json<T>(await transport.send(path, init), signal);
    return transport.repeat(send, { signal, retries, alsoOn });
  };

  if (isForm) return create(formOf(pipeline, job, files.filter(isContent), optionFiles), {});
  const ids = await uploadAll(transport, contents, total, { ...options, signal });
  const idOf = (content: Content) => ({ uploadId: ids.get(content)!, options: content.options });
  const filled = fill(job.options, new Map(optionFiles.map(([path, content]) => [path, idOf(content)])));
  const named = files.map((file) => (isContent(file) ? idOf(file) : file));
  const body = JSON.stringify({ ...job, pipeline, options: filled, ...(job.files && { files: named }) });
  const created = await create(body, { "content-type": "application/json" });
  // The job has its own copies of the files, so the uploads can go.
  await Promise.all([...ids.values()].map((id) => removeUpload(transport, id, {}).catch(() => {})));
  return created;
}

export function pipelineName(pipeline: TypedPipeline | string): string {
  return typeof pipeline === "string" ? pipeline : pipeline.name;
}

function formOf(
  pipeline: string,
  { options, files: _, ...fields }: UntypedJob,
  files: readonly Content[],
  optionFiles: readonly (readonly [string, Content])[],
): FormData {
  const form = new FormData();
  form.set("pipeline", pipeline);
  const plain = fill(options, new Map(optionFiles.map(([path]) => [path, undefined])));
  for (const [name, value] of Object.entries({ ...fields, options: plain })) {
    if (value !== undefined) form.set(name, typeof value === "string" ? value : textOf(value));
  }
  for (const [path, { blob, name }] of optionFiles) form.set(path, blob, name);
  for (const { blob, name } of files) form.append("files", blob, name);
  const own = files.map((file) => file.options);
  if (own.some(Boolean)) form.set("fileOptions", JSON.stringify(own));
  return form;
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

async function uploadAll(
  transport: Transport,
  contents: readonly Content[],
  total: number,
  { signal, retries, onProgress }: SubmitOptions & { signal: AbortSignal },
): Promise<Map<Content, string>> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let sent = 0;
  const ids = new Map<Content, string>();
  const waiting = contents.values();
  const line = async () => {
    for (const content of waiting) {
      let own = 0;
      const report = (bytes: number) => {
        sent += bytes - own;
        own = bytes;
        onProgress?.(sent, total);
      };
      const { blob, name } = content;
      ids.set(content, await upload(transport, blob, { name, signal: either, retries, onProgress: report }));
    }
  };
  try {
    await Promise.all(Array.from({ length: parallel }, line));
  } finally {
    // One rejected upload cancels the others.
    stop.abort();
  }
  return ids;
}

function contentOf(file: JobInput): Content | Exclude<JobInput, Blob> {
  if (file instanceof Blob) return { blob: file, name: nameOf(file) };
  if (!("data" in file)) return file;
  const { data } = file;
  return { ...file, blob: data instanceof Blob ? data : new Blob([data]) };
}

function isContent(file: object): file is Content {
  return "blob" in file;
}

/** The blobs in the options, with the paths of their fields, such as `watermark.image`. */
function* blobsIn(value: unknown, path: readonly string[]): Generator<readonly [string, Content]> {
  if (value instanceof Blob) yield [path.join("."), { blob: value, name: nameOf(value) }];
  else if (typeof value === "object" && value !== null) {
    for (const [key, entry] of Object.entries(value)) yield* blobsIn(entry, [...path, key]);
  }
}

/** Copies options and replaces the values at some paths. Fields that become `undefined` are dropped. */
function fill(value: unknown, changes: ReadonlyMap<string, unknown>, path = ""): unknown {
  if (changes.has(path)) return changes.get(path);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  const below = (key: string | number) => `${path && `${path}.`}${key}`;
  if (Array.isArray(value)) return value.map((entry, index) => fill(entry, changes, below(index)));
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, fill(entry, changes, below(key))]),
  );
}

/** `crypto.randomUUID` needs a secure context, which a plain HTTP server on a local network is not. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
