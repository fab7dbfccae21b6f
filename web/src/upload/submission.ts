import type { NewJob } from "../api/client.ts";
import type { NewItem } from "../api/contract.ts";

/** What a form asks for. */
export interface Contents {
  pipeline: string;
  options: unknown;
  files: readonly File[];
  /** Addresses of further files, which the server fetches. */
  urls?: readonly string[];
  /** Data instead of files. */
  items?: readonly NewItem[];
  /** Files of options, by the path of the option: `watermark.image`. */
  optionFiles: ReadonlyMap<string, File>;
}

export interface FilePart {
  name: string;
  size: number;
  /** The option that it is for; `null` for a file of the job itself. */
  path: string | null;
  /** `null` when it was sent before the page was loaded, and its content is no longer kept. */
  file: File | null;
  /** Once it has begun. */
  uploadId: string | null;
  done: boolean;
}

/** Contents on their way. */
export interface Submission {
  /** The Idempotency-Key: sending it again, even from another visit, makes no second job. */
  key: string;
  createdAt: number;
  pipeline: string;
  options: unknown;
  items?: readonly NewItem[];
  parts: FilePart[];
  /** Left out of what earlier versions of the page have kept. */
  urls?: readonly string[];
}

/** @param before what was sent last: files of it that have come need not be sent again */
export function newSubmission(contents: Contents, before: Submission | null): Submission {
  const known = new Map(before?.parts.map((part) => [part.file, part]));
  const part = (file: File, path: string | null): FilePart => {
    const { uploadId = null, done = false } = known.get(file) ?? {};
    return { name: file.name, size: file.size, path, file, uploadId, done };
  };
  return {
    key: newKey(),
    createdAt: Date.now(),
    pipeline: contents.pipeline,
    options: contents.options,
    urls: contents.urls,
    items: contents.items,
    parts: [
      ...[...contents.optionFiles].map(([path, file]) => part(file, path)),
      ...contents.files.map((file) => part(file, null)),
    ],
  };
}

export function isSame(
  { pipeline, options, items = [], parts, urls }: Submission,
  contents: Contents,
): boolean {
  const files = parts.filter((part) => part.path === null);
  const optionParts = parts.filter((part) => part.path !== null);
  return (
    pipeline === contents.pipeline &&
    JSON.stringify([options, items]) === JSON.stringify([contents.options, contents.items ?? []]) &&
    JSON.stringify(urls) === JSON.stringify(contents.urls) &&
    files.length === contents.files.length &&
    files.every((part, index) => part.file === contents.files[index]) &&
    optionParts.length === contents.optionFiles.size &&
    optionParts.every((part) => contents.optionFiles.get(part.path ?? "") === part.file)
  );
}

/** The request that makes a job of it, when all of its files have come. */
export function jobOf({ pipeline, options, items = [], parts, urls = [] }: Submission): NewJob {
  const reference = (part: FilePart) => ({ uploadId: part.uploadId ?? "" });
  const filled: unknown = structuredClone(options);
  for (const part of parts) if (part.path !== null) setAt(filled, part.path.split("."), reference(part));
  const files = parts.filter((part) => part.path === null).map(reference);
  const remote = urls.map((url) => ({ url }));
  const job: NewJob = { pipeline, options: filled, files: [...files, ...remote], onInvalidFile: "skip" };
  return items.length > 0 ? { ...job, items } : job;
}

export function totalBytes(parts: readonly FilePart[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0);
}

function setAt(target: unknown, [key = "", ...rest]: string[], value: unknown): void {
  const object = target as Record<string, unknown>;
  if (rest.length === 0) {
    object[key] = value;
    return;
  }
  object[key] ??= {};
  setAt(object[key], rest, value);
}

/** `crypto.randomUUID` exists only in secure contexts; a server on a local network is none. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
