import type { Readable } from "node:stream";

/**
 * Files by physical key. The store's records say which keys are live; this port only keeps bytes.
 * Keys are chosen by the adapter, new for every `put`: lower-case hex and dashes, safe as file names.
 */
export interface BlobStore {
  readonly name: string;
  /**
   * Keeps a stream, hashing it on the way. Resolves when it is durable (file and directory synced, or
   * the object store's confirmation). Rejects with `file_too_large` when more than `maxBytes` come,
   * `storage_full` when there is no room, with the source's own error or the signal's reason; the source is
   * then destroyed and nothing is left behind.
   */
  put(source: Readable | Buffer, options?: PutOptions): Promise<StoredBlob>;
  /**
   * A stream of the bytes, or of `range` (both ends included; an end past the file is cut). Rejects with
   * `gone` when the key is missing, `range_not_satisfiable` when the range starts past the last byte.
   */
  open(key: string, range?: { start: number; end: number }): Promise<Readable>;
  /** The whole content in memory; for files that a step has to hold anyway. */
  read(key: string): Promise<Buffer>;
  /** A path on this machine, when the bytes are in a local file; `null` otherwise. */
  localPath(key: string): string | null;
  /**
   * For two blobs of the same content and size: removes `copy`. Where the bytes of `kept` have been lost, or are of
   * another size, `copy`'s take their place first.
   */
  merge(copy: StoredBlob, kept: string): Promise<void>;
  /** Missing keys are no error. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Keys that were written before `olderThan` (ms since the epoch), in pages, so that what no record
   * knows can be removed.
   */
  list(olderThan: number): AsyncIterable<string[]>;
  /** An address from which a client may read the file directly for `seconds`; `null` where there is none. */
  presign?(
    key: string,
    options: { seconds: number; name: string; mediaType: string },
  ): Promise<string | null>;
  /**
   * An address to which a client may send one file directly, with the given headers, for `seconds`. What
   * never comes is cleared away by `list`. `null` where there is none.
   */
  presignUpload?(options: DirectUploadOptions): Promise<DirectUpload | null>;
  /**
   * Makes a blob of what was sent to such an address; `null` while it has not come, or when it is not of the
   * announced hash and size.
   */
  adopt?(staged: string, announced: { sha256: string; bytes: number }): Promise<StoredBlob | null>;
  health(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectUploadOptions {
  /** Of the whole file, in hexadecimal. */
  sha256: string;
  bytes: number;
  seconds: number;
}

export interface DirectUpload {
  /** For `adopt`. */
  staged: string;
  method: "PUT";
  url: string;
  headers: Record<string, string>;
}

export interface PutOptions {
  maxBytes?: number;
  /**
   * Rejects with `storage_full` rather than use the room that is kept for work already accepted: for what
   * clients bring. Where nobody knows how much room there is, it changes nothing. @default false
   */
  leaveReserve?: boolean;
  signal?: AbortSignal;
}

export interface StoredBlob {
  key: string;
  sha256: string;
  bytes: number;
}
