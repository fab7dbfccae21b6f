import type { FileRef } from "./records.ts";

/**
 * A resumable upload in progress. Its bytes are blobs, pinned until the upload expires. The record lists them, so that
 * any process can continue it, but only one of two that try at once.
 */
export interface UploadRecord {
  id: string;
  owner: string;
  /** The client's name for the file, made safe. */
  name: string;
  /** Size of the whole file; `null` while the client does not know. */
  length: number | null;
  /** Bytes received. */
  offset: number;
  /** `Upload-Metadata` as the client sent it. */
  metadata: string;
  parts: UploadPart[];
  /** The finished file; `null` until it is complete. */
  file: UploadedFile | null;
  /** Set if the client sends the file to the object store itself: the destination, and the announced hash. */
  direct: { staged: string; sha256: string } | null;
  /** The public URL of its file, if its client wants one. */
  publicUrl?: string;
  /** `Upload-Concat` as the client sent it: a piece of another upload, or one made of such pieces. */
  concat?: string;
  expiresAt: number;
}

/** A piece of an upload, as a blob. */
export interface UploadPart {
  blob: string;
  bytes: number;
  sha256: string;
}

export type UploadedFile = Omit<FileRef, "artifactId" | "meta" | "tail">;

export interface Append {
  /** Where the parts begin. */
  offset: number;
  parts: UploadPart[];
  /** Size of the whole file, if it becomes known now. */
  length?: number;
}

/** `moved`: another request continued it, up to `offset`. */
export type Appended = { ok: true; upload: UploadRecord } | { ok: false; reason: "moved"; offset: number };

/** Appends parts at the end of the upload. Safe to repeat: it then returns the upload unchanged. */
export function append(upload: UploadRecord, { offset, parts, length }: Append): Appended {
  const end = offset + parts.reduce((sum, part) => sum + part.bytes, 0);
  if (upload.offset === offset) {
    const longer = { offset: end, length: upload.length ?? length ?? null };
    return { ok: true, upload: { ...upload, ...longer, parts: [...upload.parts, ...parts] } };
  }
  // The same bytes at the same offset: an append whose answer was lost.
  const isRepeated = upload.offset === end && upload.parts.at(-1)?.blob === parts.at(-1)?.blob;
  return isRepeated ? { ok: true, upload } : { ok: false, reason: "moved", offset: upload.offset };
}

export function isComplete({ offset, length }: UploadRecord): boolean {
  return offset === length;
}
