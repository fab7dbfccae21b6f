import { unusualTraits } from "../../domain/job-spec.ts";
import { canonical, sha256 } from "../../domain/ledger/content-key.ts";
import type { FileRef, JobTraits, Json } from "../../domain/records.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { JobRequest, RefusedFile } from "../engine.ts";
import { contentOfItems, type DataItem } from "./data-items.ts";

/** The file of an item: one that is stored, one that a worker will fetch, or one that was refused. */
export type ItemFile = Omit<FileRef, "artifactId"> | { name: string; url: string } | RefusedFile;

/** What makes a request another one, although it has the same idempotency key. */
export function fingerprintOf(
  { startAt, onInvalidFile }: JobRequest,
  pipeline: Pipeline,
  content: Json,
  { files, data }: { files: readonly ItemFile[]; data: readonly DataItem[] },
  { priority, metadata, ...others }: JobTraits,
): string {
  const named = files.map((file) => [file.name, contentOf(file)]);
  const asked: Json[] = [pipeline.name, content, named, priority, startAt ?? null, metadata];
  // What is usual is left out: so fingerprints stay comparable with those of the version before.
  if (onInvalidFile === "skip") asked.push("skip");
  if (data.length > 0) asked.push({ items: contentOfItems(data) });
  const unusual = unusualTraits(others);
  if (Object.keys(unusual).length > 0) asked.push(unusual);
  return sha256(canonical(asked));
}

function contentOf(file: ItemFile): string {
  if ("error" in file) return file.error.message;
  return "url" in file ? file.url : file.sha256;
}
