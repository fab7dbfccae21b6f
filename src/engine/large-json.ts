import type { Json } from "../domain/records.ts";
import type { BlobStore } from "../ports/blobs.ts";

/** A value's JSON: in a record when it is short, otherwise as the bytes of a file. */
export type Packed = { value: Json; bytes: null } | { value: null; bytes: Buffer };

/** @param limit bytes that the record takes */
export function packJson(value: unknown, limit: number): Packed {
  // Neither functions nor `undefined` have a text.
  const text = JSON.stringify(value ?? null) ?? "null";
  // At most three bytes a character: most texts need not be looked through.
  if (text.length <= limit / 3) return { value: JSON.parse(text) as Json, bytes: null };
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return { value: JSON.parse(text) as Json, bytes: null };
  return { value: null, bytes };
}

export async function readJson(blobs: Pick<BlobStore, "read">, key: string): Promise<Json> {
  return JSON.parse((await blobs.read(key)).toString()) as Json;
}
