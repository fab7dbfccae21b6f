import type { Json } from "../domain/records.ts";
import type { BlobStore } from "../ports/blobs.ts";

/** A value's JSON: inline in a record if it is short, otherwise as the bytes of a file. */
export type Packed =
  | { value: Json; bytes: null /** Length of the JSON. */; characters: number }
  | { value: null; bytes: Buffer };

/** @param limit most bytes inline */
export function packJson(value: unknown, limit: number): Packed {
  // Functions and `undefined` have no JSON.
  const text = JSON.stringify(value ?? null) ?? "null";
  // UTF-8 has at most three bytes per UTF-16 unit, so most texts need not be encoded to be measured.
  const inline = () => ({ value: JSON.parse(text) as Json, bytes: null, characters: text.length });
  if (text.length <= limit / 3) return inline();
  const bytes = Buffer.from(text);
  return bytes.length <= limit ? inline() : { value: null, bytes };
}

export async function readJson(blobs: Pick<BlobStore, "read">, key: string): Promise<Json> {
  return JSON.parse((await blobs.read(key)).toString()) as Json;
}
