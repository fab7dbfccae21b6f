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

/** What a transaction has read, as rows; `null`: there is none. Its jobs are locked, so it stays true. */
export class Records {
  readonly jobs = new Map<string, JobRow | null>();
  /** By job and item. */
  readonly tasks = new Map<string, Map<number, TaskRow | null>>();
  /** Jobs of which all tasks but parts are here. */
  readonly whole = new Set<string>();
  /** Queries for parts whose answers are here. */
  readonly parts = new Set<string>();
  readonly cache = new Map<string, CacheRow | null>();
  readonly blobs = new Map<string, BlobRow | null>();
  readonly keys = new Map<string, KeyRow | null>();
  /** Whether they are known to be dead. */
  readonly deaths = new Map<string, boolean>();
  /** By the server's clock, when the transaction began to read. */
  serverNow = 0;
  readonly picked = new Map<Pick, Picked>();

  /** Whether locks for this, taken now, would be out of order: jobs come before blobs, each in that of their keys. */
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

/** Tasks of the backlog that a worker is to claim. */
export interface Pick {
  queue: string;
  limit: number;
  /** The owner who was served last. */
  after: string;
  worker: string;
  /** What the leases begin with. */
  token: string;
}

export interface Picked {
  taskKeys: { jobId: string; item: number; owner: string }[];
  /** More of them wait. */
  more: boolean;
  /** None: others hold all that could be taken. */
  locked: boolean;
}

/** What a transaction must read before its rules can run. */
export class Needs {
  readonly jobs = new Set<string>();
  readonly tasks = new Map<string, { jobId: string; item: number }>();
  /** Tasks that are changed without their job's lock elsewhere: renewals must wait. */
  readonly lockedTasks = new Map<string, { jobId: string; item: number }>();
  readonly whole = new Set<string>();
  readonly parts = new Map<string, PartQuery & { jobId: string }>();
  readonly cache = new Set<string>();
  readonly blobs = new Set<string>();
  readonly keys = new Map<string, { owner: string; key: string }>();
  readonly workers = new Set<string>();
  /** Jobs whose files go, which needs the blobs of these. */
  readonly drops = new Set<string>();
  /** Read before everything else, as what they find has to be read, too. */
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

/** The last of the rows that are locked. */
function lastOf(rows: ReadonlyMap<string, unknown>): string | null {
  let last: string | null = null;
  for (const [key, row] of rows) if (row !== null && (last === null || key > last)) last = key;
  return last;
}

function comesBefore(keys: ReadonlySet<string>, last: string | null): boolean {
  return last !== null && [...keys].some((key) => key < last);
}
