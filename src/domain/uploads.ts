import type { FileRef } from "./records.ts";

/**
 * A resumable upload on its way. Its bytes are blobs, pinned until the upload expires; the record says which blobs
 * make it, so that any process may go on with it, and only one of two that do at once.
 */
export interface UploadRecord {
  id: string;
  owner: string;
  /** The client's name for the file, made safe. */
  name: string;
  /** Bytes of the whole file; `null` while the client does not know. */
  length: number | null;
  /** Bytes that have come. */
  offset: number;
  /** `Upload-Metadata` as the client sent it. */
  metadata: string;
  parts: UploadPart[];
  /** What it became; `null` until it is complete. */
  file: UploadedFile | null;
  /** When the client sends it to the object store itself: where to, and what it announced. */
  direct: { staged: string; sha256: string } | null;
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
  /** Of the whole file, where that becomes known now. */
  length?: number;
}

/** `moved`: somebody else went on with it, up to `offset`. */
export type Appended = { ok: true; upload: UploadRecord } | { ok: false; reason: "moved"; offset: number };

/** Adds parts where the upload ends. Repeating it is harmless: it gives the upload as it is. */
export function append(upload: UploadRecord, { offset, parts, length }: Append): Appended {
  const end = offset + parts.reduce((sum, part) => sum + part.bytes, 0);
  if (upload.offset === offset) {
    const longer = { offset: end, length: upload.length ?? length ?? null };
    return { ok: true, upload: { ...upload, ...longer, parts: [...upload.parts, ...parts] } };
  }
  // The same bytes at the same place: an append whose answer was lost.
  const isRepeated = upload.offset === end && upload.parts.at(-1)?.blob === parts.at(-1)?.blob;
  return isRepeated ? { ok: true, upload } : { ok: false, reason: "moved", offset: upload.offset };
}

export function isComplete({ offset, length }: UploadRecord): boolean {
  return offset === length;
}
