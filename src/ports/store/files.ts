import type { BlobRecord } from "../../domain/records.ts";

export interface OwnerUsage {
  /** Jobs that have not ended. */
  openJobs: number;
  bytes: number;
  /** When the first of its ended jobs expires; `null` if none will. */
  nextExpiry: number | null;
}

/** Which blobs are live. A blob without references or pins is collected; see `BlobStore` for the bytes. */
export interface FileStore {
  /**
   * Keeps a stored blob that nothing refers to yet, until `until` or until the pin is released. Pins are counted;
   * creating a job and settling a step release the pins passed to them. If the same content is already live, returns
   * its key, and the caller merges its own copy into it.
   */
  pin(command: { key: string; sha256: string; bytes: number; until: number }): Promise<{ key: string }>;
  /** Extends the pins of these blobs to `until` at least. Does not save blobs already being collected. */
  keepPinned(command: { keys: string[]; until: number }): Promise<void>;
  /** Releases one pin of each blob, because its upload or the step that wrote it came to nothing. */
  unpin(command: { keys: string[] }): Promise<void>;
  /** Marks up to `limit` blobs without references or pins as deleting, and returns all blobs so marked. */
  collect(command: { now: number; limit: number }): Promise<string[]>;
  /** Drops the records of blobs whose bytes are gone. */
  forget(command: { keys: string[] }): Promise<void>;
  /** Those of the keys that have a record. */
  known(query: { keys: string[] }): Promise<string[]>;
  /** Expires up to `limit` jobs whose files are past their retention; `more` if others are due. */
  expire(command: {
    now: number;
    limit: number;
    forgetBefore: number;
  }): Promise<{ expired: number; more: boolean }>;
  /** Total size and number of live blobs. */
  usage(): Promise<Pick<BlobRecord, "bytes"> & { count: number }>;
  /** What an owner's jobs use. A file that several jobs share counts once. */
  ownerUsage(query: { owner: string }): Promise<OwnerUsage>;
}
