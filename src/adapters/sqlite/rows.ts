import type { SQLOutputValue } from "node:sqlite";
import type { BlobRecord, CacheEntry, Json, Warning } from "../../domain/records.ts";

type Row = Record<string, SQLOutputValue>;

export function toEntry(key: string, row: Row): CacheEntry {
  return {
    key,
    name: row.name as string,
    jobId: row.job_id as string,
    outputs: JSON.parse(row.outputs as string) as CacheEntry["outputs"],
    result: JSON.parse(row.result as string) as Json,
    warnings: row.warnings === null ? [] : (JSON.parse(row.warnings as string) as Warning[]),
    resultFile: JSON.parse((row.result_file as string | null) ?? "null") as CacheEntry["resultFile"],
  };
}

export function toBlob(key: string, row: Row): BlobRecord {
  return {
    key,
    sha256: row.sha256 as string,
    bytes: row.bytes as number,
    refs: row.refs as number,
    deleting: row.deleting === 1,
    pins: row.pins as number,
    pinnedUntil: row.pinned_until as number,
  };
}
