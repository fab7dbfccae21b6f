import type { BlobRecord, CacheEntry, Json, TaskRecord, Warning } from "../../../domain/records.ts";
import { toTask as fromStored, type TaskRow as StoredTask } from "../../../domain/stored.ts";

/** A task's row has two more columns, which batches compare and change without its body; they take precedence. */
export interface TaskRow extends StoredTask {
  generation: number;
  lease: string | null;
}

export interface BlobRow {
  key: string;
  sha256: string;
  bytes: number;
  referenced: boolean;
  deleting: boolean;
  pins: number;
  pinned_until: number;
}

export interface CacheRow {
  key: string;
  job_id: string;
  outputs: string;
  result: string;
  warnings: string | null;
  name: string;
  result_file: string | null;
}

export function toTask(row: TaskRow): TaskRecord {
  return { ...fromStored(row), generation: row.generation, lease: row.lease };
}

export function toBlob(row: BlobRow): BlobRecord {
  const { key, sha256, bytes, deleting, pins } = row;
  return { key, sha256, bytes, refs: row.referenced ? 1 : 0, deleting, pins, pinnedUntil: row.pinned_until };
}

export function toEntry(row: CacheRow): CacheEntry {
  return {
    key: row.key,
    name: row.name,
    jobId: row.job_id,
    outputs: JSON.parse(row.outputs) as CacheEntry["outputs"],
    result: JSON.parse(row.result) as Json,
    warnings: row.warnings === null ? [] : (JSON.parse(row.warnings) as Warning[]),
    resultFile: JSON.parse(row.result_file ?? "null") as CacheEntry["resultFile"],
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether an id has the form of the database's ids; comparing any other would be an error. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}
