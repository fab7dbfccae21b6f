import { connection } from "../connection/connection.ts";
import { networkProblem, parseProblem } from "./problem.ts";
import { request } from "./request.ts";

/**
 * The part of tus 1.0 (https://tus.io) that a page needs, written here: `tus-js-client` weighs 16 KB compressed,
 * and repeats by a clock of its own instead of waiting for the connection. All reject with a `Problem`.
 */

const version = { "tus-resumable": "1.0.0" };
/** Without an answer for so long, a connection is taken for dead. */
const answerMs = 30_000;
/** The server has all bytes, and puts them together. */
const completionMs = 300_000;

/** Begins an upload, and resolves with its address. */
export async function createUpload(file: File, signal: AbortSignal): Promise<string> {
  const headers = {
    ...version,
    "upload-length": String(file.size),
    "upload-metadata": `filename ${base64(file.name)}`,
  };
  const response = await request("/v1/uploads", { method: "POST", headers, signal: bounded(signal) });
  const address = response.headers.get("location");
  if (!address) throw parseProblem(response.status, "", null);
  return address;
}

/** How many bytes the server has. */
export async function uploadOffset(address: string, signal: AbortSignal): Promise<number> {
  const response = await request(address, { method: "HEAD", headers: version, signal: bounded(signal) });
  return Number(response.headers.get("upload-offset"));
}

export async function removeUpload(address: string): Promise<void> {
  await request(address, { method: "DELETE", headers: version });
}

export function uploadIdOf(address: string): string {
  return address.slice(address.lastIndexOf("/") + 1);
}

/**
 * Sends what the server does not have yet. XMLHttpRequest, because `fetch` does not tell how much has been sent.
 * The browser reads the file from the disk as it goes.
 */
export function sendRest(
  address: string,
  file: File,
  offset: number,
  { signal, onProgress }: { signal: AbortSignal; onProgress(sent: number): void },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const cancel = () => xhr.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const expect = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(cancel, ms);
    };
    xhr.open("PATCH", address);
    const headers = {
      ...version,
      accept: "application/json",
      "upload-offset": String(offset),
      "content-type": "application/offset+octet-stream",
    };
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => {
      expect(answerMs);
      onProgress(offset + event.loaded);
    };
    xhr.upload.onload = () => expect(completionMs);
    xhr.onload = () => {
      connection.reached();
      if (xhr.status === 204) resolve();
      else reject(parseProblem(xhr.status, xhr.responseText, xhr.getResponseHeader("retry-after")));
    };
    xhr.onerror = () => reject(networkProblem());
    xhr.onabort = () => reject(networkProblem());
    xhr.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    };
    signal.addEventListener("abort", cancel);
    expect(answerMs);
    xhr.send(file.slice(offset));
  });
}

function bounded(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
