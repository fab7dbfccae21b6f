import { INLINE_BYTES, type Json } from "../domain/records.ts";
import type { BlobStore } from "../ports/blobs.ts";

/** A value's JSON: in a record when it is short, otherwise as the bytes of a file. */
export type Packed = { value: Json; bytes: null } | { value: null; bytes: Buffer };

export function packJson(value: unknown): Packed {
  // Neither functions nor `undefined` have a text.
  const text = JSON.stringify(value ?? null) ?? "null";
  // At most three bytes a character: most texts need not be looked through.
  if (text.length <= INLINE_BYTES / 3) return { value: JSON.parse(text) as Json, bytes: null };
  const bytes = Buffer.from(text);
  if (bytes.length <= INLINE_BYTES) return { value: JSON.parse(text) as Json, bytes: null };
  return { value: null, bytes };
}

export async function readJson(blobs: Pick<BlobStore, "read">, key: string): Promise<Json> {
  return JSON.parse((await blobs.read(key)).toString()) as Json;
}
