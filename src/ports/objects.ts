import type { Readable } from "node:stream";

/** One version of an object in a bucket of the user's own. */
export interface ObjectPlace {
  bucket: string;
  key: string;
  /** Where the bucket keeps versions. */
  version: string | null;
  /** Of its content: another one under the same key is not this object. */
  etag: string | null;
}

/** Buckets of the user's own, whose objects become jobs. */
export interface ObjectReader {
  /**
   * Rejects with `fetch_failed`: for good where the object is gone, was replaced or may not be read, or where nothing
   * says how to reach its bucket; retryable otherwise.
   */
  open(place: ObjectPlace, signal: AbortSignal): Promise<{ body: Readable; bytes: number | null }>;
  close(): Promise<void>;
}
