import type { NewJob } from "../api/client.ts";
import type { NewItem } from "../api/contract.ts";

/** Changes of the job's options for one file. `null` for none. */
type Changes = Record<string, unknown> | null;

/** Contents of a form. */
export interface Contents {
  pipeline: string;
  options: unknown;
  files: readonly File[];
  fileOptions?: readonly Changes[];
  /** URLs of more files, which the server fetches. */
  urls?: readonly string[];
  urlOptions?: readonly Changes[];
  /** Files of earlier jobs, which the server has. */
  artifacts?: readonly string[];
  artifactOptions?: readonly Changes[];
  /** Data items instead of files. */
  items?: readonly NewItem[];
  /** Files for options, by option path, such as `watermark.image`. */
  optionFiles: ReadonlyMap<string, File>;
}

export interface FilePart {
  name: string;
  size: number;
  /** Option path. `null` for a file of the job itself. */
  path: string | null;
  /** `null` if it was uploaded in an earlier visit and its content is no longer stored. */
  file: File | null;
  /** Missing if an earlier version of the page stored it. */
  options?: Changes;
  /** Set once the upload has started. */
  uploadId: string | null;
  done: boolean;
}

/** A form being sent. */
export interface Submission {
  /** The Idempotency-Key, which prevents a second job even if it is sent again from another visit. */
  key: string;
  createdAt: number;
  pipeline: string;
  options: unknown;
  items?: readonly NewItem[];
  parts: FilePart[];
  /** These are absent in submissions stored by earlier versions of the page. */
  urls?: readonly string[];
  urlOptions?: readonly Changes[];
  artifacts?: readonly string[];
  artifactOptions?: readonly Changes[];
}

/** @param before the last submission, whose uploaded files need not be sent again */
export function newSubmission(contents: Contents, before: Submission | null): Submission {
  const known = new Map(before?.parts.map((part) => [part.file, part]));
  const part = (file: File, path: string | null, options: FilePart["options"] = null): FilePart => {
    const { uploadId = null, done = false } = known.get(file) ?? {};
    return { name: file.name, size: file.size, path, file, options, uploadId, done };
  };
  return {
    key: newKey(),
    createdAt: Date.now(),
    pipeline: contents.pipeline,
    options: contents.options,
    urls: contents.urls,
    urlOptions: contents.urlOptions,
    artifacts: contents.artifacts,
    artifactOptions: contents.artifactOptions,
    items: contents.items,
    parts: [
      ...[...contents.optionFiles].map(([path, file]) => part(file, path)),
      ...contents.files.map((file, index) => part(file, null, contents.fileOptions?.[index])),
    ],
  };
}

export function isSame(
  { pipeline, options, items = [], parts, ...submission }: Submission,
  contents: Contents,
): boolean {
  const files = parts.filter((part) => part.path === null);
  const optionParts = parts.filter((part) => part.path !== null);
  return (
    pipeline === contents.pipeline &&
    JSON.stringify([options, items]) === JSON.stringify([contents.options, contents.items ?? []]) &&
    isSameJson(referencesOf(submission), referencesOf(contents)) &&
    files.length === contents.files.length &&
    files.every((part, index) => part.file === contents.files[index]) &&
    files.every((part, index) => isSameJson(part.options, contents.fileOptions?.[index])) &&
    optionParts.length === contents.optionFiles.size &&
    optionParts.every((part) => contents.optionFiles.get(part.path ?? "") === part.file)
  );
}

/** The request that creates the job once all files are uploaded. */
export function jobOf(submission: Submission): NewJob {
  const { pipeline, options, items = [], parts } = submission;
  const reference = (part: FilePart) => ({ uploadId: part.uploadId ?? "" });
  const filled: unknown = structuredClone(options);
  for (const part of parts) if (part.path !== null) setAt(filled, part.path.split("."), reference(part));
  const files = parts
    .filter((part) => part.path === null)
    .map((part) => withOptions(reference(part), part.options));
  const { known, remote } = referencesOf(submission);
  const all = [...known, ...files, ...remote];
  const job: NewJob = { pipeline, options: filled, files: all, onInvalidFile: "skip" };
  return items.length > 0 ? { ...job, items } : job;
}

type References = Pick<Contents, "urls" | "urlOptions" | "artifacts" | "artifactOptions">;

/** Files of the job that need no upload. */
function referencesOf({ urls = [], urlOptions, artifacts = [], artifactOptions }: References) {
  return {
    known: artifacts.map((artifactId, index) => withOptions({ artifactId }, artifactOptions?.[index])),
    remote: urls.map((url, index) => withOptions({ url }, urlOptions?.[index])),
  };
}

function withOptions<T extends object>(file: T, options: Changes = null): T & { options?: object } {
  return options ? { ...file, options } : file;
}

function isSameJson(one: unknown = null, other: unknown = null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
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

/** `crypto.randomUUID` needs a secure context, which a plain HTTP server on a local network is not. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
