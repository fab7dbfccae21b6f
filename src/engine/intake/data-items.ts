import { z } from "zod";
import type { NewItem } from "../../domain/commands.ts";
import { firstIssues, MOST_ISSUES } from "../../domain/issues.ts";
import { canonical, sha256 } from "../../domain/ledger/content-key.ts";
import { inlineBytes } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import { MOST_ITEMS } from "../../pipeline/accepts.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type Keeping, type KeptBlob, keepBlob } from "../keep-blob.ts";
import { packJson } from "../large-json.ts";
import { boundedList, boundedValue } from "./json-bounds.ts";

/** A data item as a client sends it. */
export interface DataItem {
  /** @default "" */
  name?: string;
  /** Parsed by the pipeline's `accepts.data`. */
  data?: unknown;
}

const NAME_CHARACTERS = 200;

/** The schema of one data item in a request. */
const dataItem = z.strictObject({
  name: z.string().max(NAME_CHARACTERS).optional().describe("Shown with the item. Empty by default."),
  data: boundedValue.describe("Data that fits the pipeline's `accepts.data` schema."),
});

/** The items of a request, before their pipeline's schema has checked them. */
export const dataItems = boundedList(dataItem, MOST_ITEMS);

/** Most JSON bytes per item: its step holds it in memory. */
const MAX_DATA_BYTES = 4_000_000;
/**
 * Most JSON characters recorded over all items. A body of 16 MiB stays below this unless its numbers were written in a
 * shorter form.
 */
const MAX_CHARACTERS = 18_000_000;
/** Items stored as files concurrently. */
const AT_ONCE = 8;

/** Parses the items with the pipeline's schema; rejects with the first issues over all of them. */
export async function parseItems(pipeline: Pipeline, items: readonly DataItem[]): Promise<DataItem[]> {
  const { data: schema, maxItems } = pipeline.accepts;
  if (items.length === 0) return [];
  if (schema === null) {
    throw new MillraceError("invalid_items", `${pipeline.name} does not accept items of data.`);
  }
  if (items.length > maxItems) {
    const text = `${pipeline.name} takes at most ${maxItems} items. This request has ${items.length}.`;
    throw new MillraceError("too_many_items", text, { extra: { limit: maxItems } });
  }
  const parsed: DataItem[] = [];
  const issues: { path: PropertyKey[]; message: string }[] = [];
  for (const [n, { name = "", data }] of items.entries()) {
    const result = await schema.safeParseAsync(data);
    if (result.success) parsed.push({ name, data: result.data ?? null });
    else
      issues.push(...result.error.issues.map((one) => ({ ...one, path: ["items", n, "data", ...one.path] })));
    if (issues.length >= MOST_ISSUES) break;
  }
  if (issues.length === 0) return parsed;
  const list = firstIssues(issues);
  const text = list.map(({ path, message }) => `${path}: ${message}`).join(" ");
  throw new MillraceError("invalid_items", text, { extra: { issues: list } });
}

/** The items as part of a request's fingerprint. */
export function contentOfItems(items: readonly DataItem[]): string {
  return sha256(canonical(items.map(({ name = "", data }) => [name, data])));
}

/** Stores data that is too large for a record as files; the caller owns the pins. */
export async function keepItems(
  keeping: Keeping,
  jobId: string,
  items: readonly DataItem[],
): Promise<{ items: NewItem[]; pinned: string[] }> {
  const limit = inlineBytes({ total: Math.max(1, items.length) });
  const kept: NewItem[] = [];
  const pinned: string[] = [];
  let characters = 0;
  try {
    for (let from = 0; from < items.length; from += AT_ONCE) {
      const some = items.slice(from, from + AT_ONCE);
      const stored = await Promise.allSettled(
        some.map(({ data }, n) => pack(keeping, data, from + n, limit)),
      );
      for (const one of stored)
        if (one.status === "fulfilled" && one.value.blob) pinned.push(one.value.blob.blob);
      for (const [n, one] of stored.entries()) {
        if (one.status === "rejected") throw one.reason;
        const { value, blob } = one.value;
        characters += one.value.characters + (some[n]!.name?.length ?? 0);
        if (characters > MAX_CHARACTERS) throw tooMuchData();
        const file = blob && {
          artifactId: `${jobId}.${from + n}.data`,
          name: "data.json",
          mediaType: "application/json",
          ...blob,
        };
        kept.push({ name: some[n]!.name ?? "", data: { value, file } });
      }
    }
    return { items: kept, pinned };
  } catch (error) {
    if (pinned.length > 0) await keeping.store.unpin({ keys: pinned });
    throw error;
  }
}

async function pack(keeping: Keeping, data: unknown, index: number, limit: number) {
  const packed = packJson(data, limit);
  const { bytes } = packed;
  if (bytes === null) return { value: packed.value, blob: null, characters: packed.characters };
  if (bytes.length <= MAX_DATA_BYTES) {
    const blob: KeptBlob = await keepBlob(keeping, bytes);
    return { value: null, blob, characters: 0 };
  }
  const text = `items.${index}.data has ${bytes.length} bytes of JSON. The limit is ${MAX_DATA_BYTES}. Send it as a file.`;
  throw new MillraceError("request_too_large", text, { extra: { limit: MAX_DATA_BYTES } });
}

function tooMuchData(): MillraceError {
  const text = `The items have more than ${MAX_CHARACTERS} characters of JSON when stored. Split them into several jobs.`;
  return new MillraceError("request_too_large", text, { extra: { limit: MAX_CHARACTERS } });
}
