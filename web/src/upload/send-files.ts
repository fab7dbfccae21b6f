import { Problem } from "../api/problem.ts";
import { createUpload, sendRest, uploadOffset } from "../api/tus.ts";
import { persist } from "./persist.ts";
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
    for (const part of waiting) await sendFile(part, { ...options, signal });
  };
  try {
    await Promise.all(Array.from({ length: parallel }, line));
  } finally {
    stop.abort();
  }
}

/** Goes on where the server is, however often the connection is cut. */
async function sendFile(part: FilePart, { signal, onSent, onChange }: SendOptions): Promise<void> {
  const { file } = part;
  if (!file) throw unreadable(part.name);
  let furthest = 0;
  const onProgress = (sent: number) => {
    furthest = Math.max(furthest, sent);
    onSent(part, sent);
  };

  async function attempt(content: File): Promise<void> {
    let offset = 0;
    if (part.address === null) {
      part.address = await createUpload(content, signal);
      onChange(part);
    } else {
      offset = await uploadOffset(part.address, signal);
    }
    onProgress(offset);
    if (offset < content.size) await sendRest(part.address, content, offset, { signal, onProgress });
  }

  await persist(
    async () => {
      try {
        await attempt(file);
      } catch (error) {
        if (signal.aborted || !(error instanceof Problem)) throw error;
        if (error.code === "network" && !(await isReadable(file))) throw unreadable(file.name);
        if (error.code !== "not_found" || part.address === null) throw error;
        // The server has forgotten it: from the beginning, at another address.
        part.address = null;
        throw new Problem({ code: "upload_moved" });
      }
    },
    { signal, progress: () => furthest },
  );
  onSent(part, file.size);
  part.done = true;
  onChange(part);
}

/** A file that was changed or removed on the disk breaks the request like a lost connection would. */
async function isReadable(file: File): Promise<boolean> {
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
