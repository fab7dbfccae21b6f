import { unusualTraits } from "../../domain/job-spec.ts";
import { canonical, sha256 } from "../../domain/ledger/content-key.ts";
import type { FileRef, ItemOptions, JobTraits, Json } from "../../domain/records.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { JobRequest, RefusedFile } from "../engine.ts";
import { contentOfItems, type DataItem } from "./data-items.ts";

/** The file of an item: stored, to be fetched by a worker, or refused. */
export type ItemFile = Omit<FileRef, "artifactId"> | { name: string; url: string } | RefusedFile;

export interface FingerprintItems {
  files: readonly ItemFile[];
  data: readonly DataItem[];
  /** Options of files that have their own, by index. */
  own: ReadonlyMap<number, ItemOptions>;
}

/** Tells apart requests that have the same idempotency key. */
export function fingerprintOf(
  { startAt, onInvalidFile }: JobRequest,
  pipeline: Pipeline,
  content: Json,
  { files, data, own }: FingerprintItems,
  { priority, metadata, ...others }: JobTraits,
): string {
  const named = files.map((file) => [file.name, contentOf(file)]);
  const asked: Json[] = [pipeline.name, content, named, priority, startAt ?? null, metadata];
  // Defaults are omitted, so that fingerprints stay comparable with those of the previous version.
  if (onInvalidFile === "skip") asked.push("skip");
  if (data.length > 0) asked.push({ items: contentOfItems(data) });
  if (own.size > 0) asked.push({ own: [...own].map(([n, one]) => [n, one.content ?? one.value]) });
  const unusual = unusualTraits(others);
  if (Object.keys(unusual).length > 0) asked.push(unusual);
  return sha256(canonical(asked));
}

function contentOf(file: ItemFile): string {
  if ("error" in file) return file.error.message;
  return "url" in file ? file.url : file.sha256;
}
