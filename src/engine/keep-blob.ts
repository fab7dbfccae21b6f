import type { Readable } from "node:stream";
import type { BlobStore, PutOptions, StoredBlob } from "../ports/blobs.ts";
import type { FileStore } from "../ports/store/files.ts";
import { PIN_MS } from "./leases.ts";

/** Where blobs are stored, and which of them are live. */
export interface Keeping {
  blobs: BlobStore;
  store: Pick<FileStore, "pin" | "unpin"> & { now(): number };
}

export interface KeptBlob {
  blob: string;
  bytes: number;
  sha256: string;
}

export interface KeepOptions extends PutOptions {
  /** When its pin expires. @default `PIN_MS` after it was stored */
  until?: number;
}

/** Stores bytes as a blob and pins it. */
export async function keepBlob(
  keeping: Keeping,
  source: Readable | Buffer,
  { until, ...options }: KeepOptions = {},
): Promise<KeptBlob> {
  return pinBlob(keeping, await keeping.blobs.put(source, options), until);
}

/** Pins a stored blob. If the same content is already live, keeps only one copy. */
export async function pinBlob(
  { blobs, store }: Keeping,
  stored: StoredBlob,
  until: number = store.now() + PIN_MS,
): Promise<KeptBlob> {
  const { key } = await store.pin({ ...stored, until });
  if (key !== stored.key) await blobs.merge(stored, key);
  return { blob: key, bytes: stored.bytes, sha256: stored.sha256 };
}
