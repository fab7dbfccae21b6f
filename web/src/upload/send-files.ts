import { sendFile } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { FilePart } from "./submission.ts";

/** Enough to use the bandwidth, while leaving connections for the rest of the page. */
const parallel = 3;

export interface SendOptions {
  signal: AbortSignal;
  /** Bytes received of a part. May go down when the connection was lost. */
  onSent(part: FilePart, sent: number): void;
  /** The part's upload id is known, or the part is done. */
  onChange(part: FilePart): void;
}

/** Resolves when the server has all parts. The first rejection stops the others. */
export async function sendFiles(parts: readonly FilePart[], options: SendOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const waiting = parts.filter((part) => !part.done).values();
  const line = async () => {
    for (const part of waiting) await send(part, { ...options, signal });
  };
  try {
    await Promise.all(Array.from({ length: parallel }, line));
  } finally {
    stop.abort();
  }
}

async function send(part: FilePart, { signal, onSent, onChange }: SendOptions): Promise<void> {
  const { file } = part;
  if (!file) throw new Problem({ code: "unreadable_file", detail: part.name });
  part.uploadId = await sendFile(file, {
    uploadId: part.uploadId,
    signal,
    onStart(uploadId) {
      part.uploadId = uploadId;
      onChange(part);
    },
    onProgress: (sent) => onSent(part, sent),
  });
  part.done = true;
  onChange(part);
}
