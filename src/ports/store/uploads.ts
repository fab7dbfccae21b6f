import type { FileRef } from "../../domain/records.ts";

/**
 * Resumable uploads on their way. Their bytes are blobs, pinned until the upload expires; the records say
 * which blobs make an upload, so that any process may go on with it, and only one of two that do at once.
 */
export interface UploadStore {
  /** Records a new upload; forgets some that have expired. */
  create(upload: UploadRecord): Promise<void>;
  /** `null` when it is missing, another owner's, or has expired. */
  get(query: { owner: string; id: string; now: number }): Promise<UploadRecord | null>;
  /**
   * Compare-and-set: adds the parts when the upload still ends at `offset`, and sets its length when that was
   * not known. Repeating it is harmless.
   * `moved`: somebody else went on with it. `missing`: as for `get`.
   */
  append(command: {
    owner: string;
    id: string;
    offset: number;
    parts: UploadPart[];
    length?: number;
    now: number;
  }): Promise<AppendResult>;
  /** Notes the file that a complete upload became. */
  finish(command: { id: string; file: UploadedFile }): Promise<void>;
  /** Forgets it, and gives what there was at that moment: nothing is added to it any more. */
  remove(command: { owner: string; id: string }): Promise<{ removed: UploadRecord | null }>;
}

export type AppendResult =
  | { ok: true; upload: UploadRecord }
  | { ok: false; reason: "moved"; offset: number }
  | { ok: false; reason: "missing" };

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

export type UploadedFile = Omit<FileRef, "artifactId" | "meta">;
