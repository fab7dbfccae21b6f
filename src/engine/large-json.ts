import type { Json } from "../domain/records.ts";
import type { BlobStore } from "../ports/blobs.ts";

/** A value's JSON: in a record when it is short, otherwise as the bytes of a file. */
export type Packed =
  | { value: Json; bytes: null /** Of its JSON. */; characters: number }
  | { value: null; bytes: Buffer };

/** @param limit bytes that the record takes */
export function packJson(value: unknown, limit: number): Packed {
  // Neither functions nor `undefined` have a text.
  const text = JSON.stringify(value ?? null) ?? "null";
  // At most three bytes a character: most texts need not be looked through.
  const inline = () => ({ value: JSON.parse(text) as Json, bytes: null, characters: text.length });
  if (text.length <= limit / 3) return inline();
  const bytes = Buffer.from(text);
  return bytes.length <= limit ? inline() : { value: null, bytes };
}

export async function readJson(blobs: Pick<BlobStore, "read">, key: string): Promise<Json> {
  return JSON.parse((await blobs.read(key)).toString()) as Json;
}
