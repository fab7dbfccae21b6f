import { never } from "./connection.ts";
import { networkProblem, Problem, parseProblem } from "./problem.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** Resumable uploads: the subset of tus 1.0 (https://tus.io) that sends whole files. */

const version = { "tus-resumable": "1.0.0" };
/** After this long without a response, the connection counts as dead. */
const answerMs = 30_000;
/** Time for the server to assemble the file after it has all bytes. */
const completionMs = 300_000;

export interface UploadOptions extends CallOptions {
  /** @default the `File`'s own name */
  name?: string;
  /** An earlier upload to resume. */
  uploadId?: string | null;
  /** Called with the upload's id. Called again with a new id if the server no longer has the upload. */
  onStart?(uploadId: string): void;
  /** Bytes received by the server. May go down when the connection was lost. */
  onProgress?(sent: number): void;
}

/** Uploads a file and resumes after every lost connection. Resolves with its id, for a job's `files`. */
export async function upload(transport: Transport, file: Blob, options: UploadOptions): Promise<string> {
  const { signal = never() } = options;
  let id = options.uploadId ?? null;
  let furthest = 0;
  const onProgress = (sent: number) => {
    furthest = Math.max(furthest, sent);
    options.onProgress?.(sent);
  };

  async function attempt(): Promise<void> {
    let offset = 0;
    if (id === null) {
      id = await create(transport, file, options);
      options.onStart?.(id);
    } else {
      offset = await offsetOf(transport, id, signal);
    }
    onProgress(offset);
    if (offset < file.size) await sendRest(transport, id, file, offset, { signal, onProgress });
  }

  await transport.repeat(
    async () => {
      try {
        await attempt();
      } catch (error) {
        if (signal.aborted || !(error instanceof Problem)) throw error;
        if (error.code === "network" && !(await isReadable(file))) throw unreadable(nameOf(file, options));
        if (error.code !== "not_found" || id === null) throw error;
        // The server no longer has the upload. Start over with a new one.
        id = null;
        throw new Problem({ code: "upload_moved" });
      }
    },
    { signal, retries: options.retries, progress: () => furthest },
  );
  options.onProgress?.(file.size);
  return id!;
}

/** Deletes an upload. Jobs that use it keep their files. */
export async function removeUpload({ send }: Transport, id: string, options: CallOptions): Promise<void> {
  await send(pathOf(id), { method: "DELETE", headers: version, signal: options.signal });
}

export function nameOf(file: Blob, { name }: { name?: string } = {}): string {
  return name ?? (file as Partial<File>).name ?? "";
}

async function create({ send }: Transport, file: Blob, options: UploadOptions): Promise<string> {
  const headers = {
    ...version,
    "upload-length": String(file.size),
    "upload-metadata": `filename ${base64(nameOf(file, options))}`,
  };
  const init = { method: "POST", headers, signal: bounded(options.signal) };
  const { status, headers: answered } = await send("/v1/uploads", init);
  const id = answered.get("location")?.split("/").at(-1);
  if (!id) throw parseProblem(status, "", null);
  return decodeURIComponent(id);
}

async function offsetOf({ send }: Transport, id: string, signal: AbortSignal): Promise<number> {
  const response = await send(pathOf(id), { method: "HEAD", headers: version, signal: bounded(signal) });
  return Number(response.headers.get("upload-offset"));
}

interface SendOptions {
  signal: AbortSignal;
  onProgress(sent: number): void;
}

/** Sends the bytes that the server does not have yet. The runtime streams them from disk. */
async function sendRest(
  transport: Transport,
  id: string,
  file: Blob,
  offset: number,
  options: SendOptions,
): Promise<void> {
  const headers = {
    ...version,
    "upload-offset": String(offset),
    "content-type": "application/offset+octet-stream",
  };
  const body = file.slice(offset);
  if ("XMLHttpRequest" in globalThis)
    return sendMeasured(transport, pathOf(id), { headers, body, offset, ...options });
  const init = { method: "PATCH", headers, body, signal: options.signal };
  const sent = await transport.send(pathOf(id), init);
  options.onProgress(Number(sent.headers.get("upload-offset")));
}

/** The members of XMLHttpRequest used here. Runtimes other than browsers have no types for it. */
interface Request {
  status: number;
  responseText: string;
  upload: { onprogress: unknown; onload: unknown };
  onload: unknown;
  onerror: unknown;
  onabort: unknown;
  onloadend: unknown;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: Blob): void;
  abort(): void;
}

/** For browsers, whose `fetch` does not report upload progress. */
async function sendMeasured(
  { url, connection, headers: own }: Transport,
  path: string,
  sent: SendOptions & { headers: Record<string, string>; body: Blob; offset: number },
): Promise<void> {
  const { signal, offset } = sent;
  const headers = { accept: "application/json", ...(await own()), ...sent.headers };
  return new Promise((resolve, reject) => {
    const xhr = new (globalThis as unknown as { XMLHttpRequest: new () => Request }).XMLHttpRequest();
    const cancel = () => xhr.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expect = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(cancel, ms);
    };
    xhr.open("PATCH", url + path);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }: { loaded: number }) => {
      expect(answerMs);
      sent.onProgress(offset + loaded);
    };
    xhr.upload.onload = () => expect(completionMs);
    xhr.onload = () => {
      connection.reached();
      if (xhr.status === 204) resolve();
      else reject(parseProblem(xhr.status, xhr.responseText, xhr.getResponseHeader("retry-after")));
    };
    const lost = () => reject(networkProblem(url || "The server"));
    xhr.onerror = lost;
    xhr.onabort = lost;
    xhr.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    };
    signal.addEventListener("abort", cancel);
    expect(answerMs);
    xhr.send(sent.body);
  });
}

/** A file that was changed or removed on disk fails the request just as a lost connection does. */
async function isReadable(file: Blob): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function unreadable(name: string): Problem {
  return new Problem({ code: "unreadable_file", detail: name });
}

function pathOf(id: string): string {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}

function bounded(signal = never()): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
