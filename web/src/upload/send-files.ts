import { sendFile } from "../api/client.ts";
import { Problem } from "../api/problem.ts";
import type { FilePart } from "./submission.ts";

/** Enough to fill a line, and few enough to leave connections for the rest of the page. */
const parallel = 3;

export interface SendOptions {
  signal: AbortSignal;
  /** How many bytes of a part have come; less than before when the connection was cut. */
  onSent(part: FilePart, sent: number): void;
  /** Its address is known, or it is done. */
  onChange(part: FilePart): void;
}

/** Resolves when the server has all of them. The first that it refuses stops the others. */
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
