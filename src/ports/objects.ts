import type { Readable } from "node:stream";

/** One version of an object in a user's own bucket. */
export interface ObjectPlace {
  bucket: string;
  key: string;
  /** `null` unless the bucket keeps versions. */
  version: string | null;
  /** Identifies the content: a different ETag under the same key means a different object. */
  etag: string | null;
}

/** Reads objects in users' own buckets, which become jobs. */
export interface ObjectReader {
  /**
   * Rejects with `fetch_failed`: for good if the object is gone, was replaced or may not be read, or if no
   * configuration says how to reach its bucket; retryable otherwise.
   */
  open(place: ObjectPlace, signal: AbortSignal): Promise<{ body: Readable; bytes: number | null }>;
  close(): Promise<void>;
}
