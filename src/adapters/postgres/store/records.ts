import type { PartQuery } from "../../../domain/ledger/ledger.ts";
import type { JobRow } from "../../../domain/stored.ts";
import type { BlobRow, CacheRow, TaskRow } from "./rows.ts";

export interface KeyRow {
  owner: string;
  key: string;
  fingerprint: string;
  job_id: string;
  expires_at: number;
}

/** The rows that a transaction has read; `null`: there is none. Its jobs are locked, so they stay current. */
export class Records {
  readonly jobs = new Map<string, JobRow | null>();
  /** By job and item. */
  readonly tasks = new Map<string, Map<number, TaskRow | null>>();
  /** Jobs whose tasks, except parts, are all loaded. */
  readonly whole = new Set<string>();
  /** Part queries whose results are loaded. */
  readonly parts = new Set<string>();
  readonly cache = new Map<string, CacheRow | null>();
  readonly blobs = new Map<string, BlobRow | null>();
  readonly keys = new Map<string, KeyRow | null>();
  /** Whether each worker is known to be dead. */
  readonly deaths = new Map<string, boolean>();
  /** The server's time when the transaction began to read. */
  serverNow = 0;
  readonly picked = new Map<Pick, Picked>();

  /** Whether taking locks for this now would violate the lock order: jobs before blobs, each in key order. */
  isTooLateFor(wanted: Needs): boolean {
    const blobs = lastOf(this.blobs);
    if (wanted.jobs.size + wanted.drops.size > 0 && blobs !== null) return true;
    return comesBefore(wanted.jobs, lastOf(this.jobs)) || comesBefore(wanted.blobs, blobs);
  }

  tasksOf(jobId: string): Map<number, TaskRow | null> {
    let tasks = this.tasks.get(jobId);
    if (!tasks) {
      tasks = new Map();
      this.tasks.set(jobId, tasks);
    }
    return tasks;
  }
}

/** Backlog tasks for a worker to claim. */
export interface Pick {
  queue: string;
  limit: number;
  /** The owner that was served last. */
  after: string;
  worker: string;
  /** Prefix of the leases. */
  token: string;
}

export interface Picked {
  taskKeys: { jobId: string; item: number; owner: string }[];
  /** More are waiting. */
  more: boolean;
  /** Nothing was picked because others hold everything that could be. */
  locked: boolean;
}

/** What a transaction must read before its rules can run. */
export class Needs {
  readonly jobs = new Set<string>();
  readonly tasks = new Map<string, { jobId: string; item: number }>();
  /** Tasks that others change without their job's lock: lease renewals must wait. */
  readonly lockedTasks = new Map<string, { jobId: string; item: number }>();
  readonly whole = new Set<string>();
  readonly parts = new Map<string, PartQuery & { jobId: string }>();
  readonly cache = new Set<string>();
  readonly blobs = new Set<string>();
  readonly keys = new Map<string, { owner: string; key: string }>();
  readonly workers = new Set<string>();
  /** Jobs whose files are dropped, which requires their blobs. */
  readonly drops = new Set<string>();
  /** Read before everything else, because what they find must be read, too. */
  readonly picks: Pick[] = [];

  add(other: Needs): void {
    for (const [mine, theirs] of [
      [this.jobs, other.jobs],
      [this.whole, other.whole],
      [this.cache, other.cache],
      [this.blobs, other.blobs],
      [this.workers, other.workers],
      [this.drops, other.drops],
    ] as const) {
      for (const one of theirs) mine.add(one);
    }
    for (const [key, one] of other.tasks) this.tasks.set(key, one);
    for (const [key, one] of other.lockedTasks) this.lockedTasks.set(key, one);
    for (const [key, one] of other.keys) this.keys.set(key, one);
    for (const [key, one] of other.parts) this.parts.set(key, one);
  }

  task(jobId: string, item: number): void {
    this.tasks.set(`${jobId}.${item}`, { jobId, item });
  }

  lockedTask(jobId: string, item: number): void {
    this.lockedTasks.set(`${jobId}.${item}`, { jobId, item });
  }

  key(owner: string, key: string): void {
    this.keys.set(keyOf(owner, key), { owner, key });
  }
}

export function keyOf(owner: string, key: string): string {
  return `${owner}\n${key}`;
}

/** The last of the locked rows. */
function lastOf(rows: ReadonlyMap<string, unknown>): string | null {
  let last: string | null = null;
  for (const [key, row] of rows) if (row !== null && (last === null || key > last)) last = key;
  return last;
}

function comesBefore(keys: ReadonlySet<string>, last: string | null): boolean {
  return last !== null && [...keys].some((key) => key < last);
}
