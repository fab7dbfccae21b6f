import type { BlobRecord } from "../../domain/records.ts";

export interface OwnerUsage {
  /** Jobs that have not ended. */
  openJobs: number;
  bytes: number;
  /** When the first of its ended jobs expires; `null` while none does. */
  nextExpiry: number | null;
}

/** Which blobs are live. A blob with neither reference nor pin is collected; see `BlobStore` for the bytes. */
export interface FileStore {
  /**
   * Keeps a stored blob although nothing refers to it yet, until the pin is taken back or `until`. Pins are
   * counted; creating a job and settling a step take back those that they were given. When the same content is live
   * already, its key is returned and the caller merges its own copy into it.
   */
  pin(command: { key: string; sha256: string; bytes: number; until: number }): Promise<{ key: string }>;
  /** Lets the pins of these blobs hold until then at least; what is being collected is lost. */
  keepPinned(command: { keys: string[]; until: number }): Promise<void>;
  /** Takes back one pin of each: nothing will come of the upload, or of the step that wrote it. */
  unpin(command: { keys: string[] }): Promise<void>;
  /** Marks up to `limit` blobs without reference or pin as deleting, and returns all that are so marked. */
  collect(command: { now: number; limit: number }): Promise<string[]>;
  /** Their bytes are gone. */
  forget(command: { keys: string[] }): Promise<void>;
  /** Of these keys, those that have a record. */
  known(query: { keys: string[] }): Promise<string[]>;
  /** Ends up to `limit` jobs whose files are past their retention; says whether more are due. */
  expire(command: {
    now: number;
    limit: number;
    forgetBefore: number;
  }): Promise<{ expired: number; more: boolean }>;
  /** Bytes and count of live blobs. */
  usage(): Promise<Pick<BlobRecord, "bytes"> & { count: number }>;
  /** What an owner's jobs use: a file counts once, however many of them have it. */
  ownerUsage(query: { owner: string }): Promise<OwnerUsage>;
}
