import type { Readable } from "node:stream";

/**
 * Files by physical key. Store records decide which keys are live; this port only keeps bytes.
 * The adapter picks a new key for every `put`: lowercase hex and dashes, safe as a file name.
 */
export interface BlobStore {
  readonly name: string;
  /**
   * Stores a stream and hashes it on the way. Resolves once the bytes are durable: file and directory synced, or the
   * object store's confirmation. Rejects with `file_too_large` past `maxBytes`, with `storage_full` when there is no
   * room, or with the source's own error or the signal's reason. A rejected put destroys the source and leaves nothing
   * behind.
   */
  put(source: Readable | Buffer, options?: PutOptions): Promise<StoredBlob>;
  /**
   * Streams the bytes, or `range` of them (both ends inclusive; an end past the file is clamped). Rejects with `gone`
   * when the key is missing, and with `range_not_satisfiable` when the range starts past the last byte.
   */
  open(key: string, range?: { start: number; end: number }): Promise<Readable>;
  /** The whole content in memory, for steps that need all of it at once. */
  read(key: string): Promise<Buffer>;
  /** The path of the bytes on this machine; `null` unless they are in a local file. */
  localPath(key: string): string | null;
  /**
   * Removes `copy`, which has the same content and size as `kept`. If the bytes of `kept` are missing or have the wrong
   * size, `copy`'s bytes replace them first.
   */
  merge(copy: StoredBlob, kept: string): Promise<void>;
  /** Ignores missing keys. */
  remove(keys: readonly string[]): Promise<void>;
  /** Pages of keys written before `olderThan` (ms since the epoch). The caller removes those that no record knows. */
  list(olderThan: number): AsyncIterable<string[]>;
  /** A URL from which a client can read the file directly for `seconds`; `null` when there is none. */
  presign?(
    key: string,
    options: { seconds: number; name: string; mediaType: string },
  ): Promise<string | null>;
  /**
   * A URL to which a client can upload one file directly for `seconds`, with the given headers; `null` when there is
   * none. Uploads that are never adopted show up in `list` and are cleaned up from there.
   */
  presignUpload?(options: DirectUploadOptions): Promise<DirectUpload | null>;
  /**
   * Turns an upload to such a URL into a blob; `null` until it arrives, or if it does not match the announced hash and
   * size.
   */
  adopt?(staged: string, announced: { sha256: string; bytes: number }): Promise<StoredBlob | null>;
  health(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectUploadOptions {
  /** SHA-256 of the whole file, in hex. */
  sha256: string;
  bytes: number;
  seconds: number;
}

export interface DirectUpload {
  /** Pass to `adopt`. */
  staged: string;
  method: "PUT";
  url: string;
  headers: Record<string, string>;
}

export interface PutOptions {
  maxBytes?: number;
  /**
   * Rejects with `storage_full` rather than use the space reserved for work already accepted. Set it for client
   * uploads. No effect when the free space is unknown. @default false
   */
  leaveReserve?: boolean;
  signal?: AbortSignal;
}

export interface StoredBlob {
  key: string;
  sha256: string;
  bytes: number;
}
