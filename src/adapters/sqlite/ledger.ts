import type { DatabaseSync } from "node:sqlite";
import type { Counted, Ledger } from "../../domain/ledger/ledger.ts";
import type {
  BlobRecord,
  CacheEntry,
  EventType,
  IdempotencyRecord,
  JobRecord,
  Json,
  MemoRecord,
  TaskDelivery,
  TaskRecord,
  Warning,
} from "../../domain/records.ts";
import { isOpen, type JobState } from "../../domain/states.ts";
import {
  type JobRow,
  jobProgress,
  jobSpec,
  type TaskRow,
  taskBody,
  toJob,
  toTask,
} from "../../domain/stored.ts";
import { EventLog } from "./event-log.ts";
import type { Queues } from "./queues.ts";
import { type Statements, statements } from "./statements.ts";

/**
 * Of the JSON of records that are kept in memory between transactions: they take a few times as much there.
 * There is one writer, so they cannot grow stale; what has ended is never kept.
 */
const KEPT_BYTES = 32 * 1024 * 1024;

interface Tracked<T> {
  record: T;
  isNew: boolean;
  /** Of its JSON, as it was read or saved last. */
  bytes: number;
}

interface TrackedJob extends Tracked<JobRecord> {
  /** As it was saved last, while it had not ended. */
  live: JobState | null;
}

interface TrackedTask extends Tracked<TaskRecord> {
  saved: Counted | null;
}

/** The records of the writer's transactions: read through, written back when the transaction ends. */
export class SqliteLedger implements Ledger {
  readonly sql: Statements;
  readonly log: EventLog;
  /** Handed out since the writer last took them, for whoever publishes. */
  deliveries: TaskDelivery[] = [];
  revoked: string[] = [];
  /** Owners whose logs grew in this transaction; known when it is about to commit. */
  grown = new Set<string>();
  now = 0;

  readonly #queues: Queues;
  readonly #jobs = new Map<string, TrackedJob>();
  /** By job and item. */
  readonly #tasks = new Map<string, Map<number, TrackedTask>>();
  #keptBytes = 0;
  /** Read in this transaction although they have ended. */
  readonly #endedJobs = new Set<string>();
  readonly #endedTasks = new Set<TaskRecord>();
  readonly #dirtyJobs = new Set<TrackedJob>();
  readonly #dirtyTasks = new Set<TrackedTask>();

  constructor(db: DatabaseSync, queues: Queues) {
    this.sql = statements(db);
    this.log = new EventLog(this.sql);
    this.#queues = queues;
  }

  job(id: string): JobRecord | null {
    const known = this.#jobs.get(id);
    if (known) return known.record;
    const row = this.sql.job.get(id) as unknown as JobRow | undefined;
    if (!row) return null;
    const record = toJob(row);
    const bytes = row.spec.length + row.progress.length;
    this.#jobs.set(id, { record, isNew: false, bytes, live: liveState(record) });
    this.#keptBytes += bytes;
    if (record.finishedAt !== null) this.#endedJobs.add(id);
    return record;
  }

  task(jobId: string, item: number): TaskRecord | null {
    const known = this.#tasks.get(jobId)?.get(item);
    if (known) return known.record;
    const row = this.sql.task.get(jobId, item) as unknown as TaskRow | undefined;
    return row ? this.#fromRow(row) : null;
  }

  tasks(jobId: string): TaskRecord[] {
    const rows = this.sql.tasks.all(jobId) as unknown as TaskRow[];
    const found = new Map<number, TaskRecord>();
    for (const row of rows)
      found.set(row.item, this.#tasks.get(jobId)?.get(row.item)?.record ?? this.#fromRow(row));
    // Those that this transaction has added are not among the rows yet.
    for (const { record } of this.#tasks.get(jobId)?.values() ?? []) found.set(record.item, record);
    return [...found.values()].sort((a, b) => a.item - b.item);
  }

  firstTasks(jobId: string, count: number): TaskRecord[] {
    return Array.from({ length: count }, (_, item) => this.task(jobId, item)!);
  }

  #fromRow(row: TaskRow): TaskRecord {
    const record = toTask(row);
    const saved = { queue: record.queue, state: record.state, attempt: record.attempt };
    this.#track({ record, isNew: false, bytes: row.body.length, saved });
    if (!isOpen(record)) this.#endedTasks.add(record);
    return record;
  }

  #track(task: TrackedTask): void {
    const { jobId, item } = task.record;
    let tasks = this.#tasks.get(jobId);
    if (!tasks) {
      tasks = new Map();
      this.#tasks.set(jobId, tasks);
    }
    tasks.set(item, task);
    this.#keptBytes += task.bytes;
  }

  #forget({ jobId, item }: TaskRecord): void {
    const tasks = this.#tasks.get(jobId);
    const tracked = tasks?.get(item);
    if (!tasks || !tracked) return;
    this.#keptBytes -= tracked.bytes;
    tasks.delete(item);
    if (tasks.size === 0) this.#tasks.delete(jobId);
  }

  #forgetJob(id: string): void {
    this.#keptBytes -= this.#jobs.get(id)?.bytes ?? 0;
    this.#jobs.delete(id);
  }

  /** @param bytes of the record's JSON, as it was saved just now */
  #resized(tracked: Tracked<unknown>, bytes: number): void {
    this.#keptBytes += bytes - tracked.bytes;
    tracked.bytes = bytes;
  }

  cached(cacheKey: string): CacheEntry | null {
    const row = this.sql.cached.get(cacheKey);
    if (!row) return null;
    return {
      key: cacheKey,
      name: row.name as string,
      jobId: row.job_id as string,
      outputs: JSON.parse(row.outputs as string) as CacheEntry["outputs"],
      result: JSON.parse(row.result as string) as Json,
      warnings: row.warnings === null ? [] : (JSON.parse(row.warnings as string) as Warning[]),
      resultFile: JSON.parse((row.result_file as string | null) ?? "null") as CacheEntry["resultFile"],
    };
  }

  blob(blobKey: string): BlobRecord | null {
    const row = this.sql.blob.get(blobKey);
    if (!row) return null;
    return {
      key: blobKey,
      sha256: row.sha256 as string,
      bytes: row.bytes as number,
      refs: row.refs as number,
      deleting: row.deleting === 1,
      pins: row.pins as number,
      pinnedUntil: row.pinned_until as number,
    };
  }

  workerAlive(worker: string): boolean {
    return this.#queues.workers.has(worker);
  }

  idempotencyKey(owner: string, key: string, now: number): IdempotencyRecord | null {
    const row = this.sql.idempotent.get(owner, key, now);
    if (!row) return null;
    const { fingerprint, job_id: jobId, expires_at: expiresAt } = row;
    return { owner, key, fingerprint, jobId, expiresAt } as IdempotencyRecord;
  }

  addJob(record: JobRecord): void {
    const tracked = { record, isNew: true, bytes: 0, live: null };
    this.#jobs.set(record.id, tracked);
    this.#dirtyJobs.add(tracked);
  }

  addTask(record: TaskRecord): void {
    const tracked = { record, isNew: true, bytes: 0, saved: null };
    this.#track(tracked);
    this.#dirtyTasks.add(tracked);
  }

  changedJob(job: JobRecord): void {
    this.#dirtyJobs.add(this.#jobs.get(job.id)!);
  }

  changedTask(task: TaskRecord): void {
    this.#dirtyTasks.add(this.#tasks.get(task.jobId)!.get(task.item)!);
  }

  refer(jobId: string, blob: string): void {
    this.sql.refer.run(jobId, blob);
    this.sql.referenced.run(blob);
  }

  unpin(blob: string): void {
    this.sql.unpin.run(blob);
  }

  dropFiles(jobId: string): void {
    this.sql.unreferenced.run(jobId);
    this.sql.dropRefs.run(jobId);
    this.sql.dropCache.run(jobId);
  }

  dropJob(jobId: string): void {
    for (const task of this.tasks(jobId)) {
      const tracked = this.#tasks.get(jobId)!.get(task.item)!;
      this.#queues.moved(task.owner, tracked.saved, null);
      this.#forget(task);
      this.#dirtyTasks.delete(tracked);
    }
    const job = this.#jobs.get(jobId);
    if (job) {
      this.#queues.jobMoved(job.live, null);
      this.#dirtyJobs.delete(job);
    }
    this.#forgetJob(jobId);
    this.log.forget(jobId);
    this.sql.dropTasks.run(jobId);
    this.sql.dropMemos.run(jobId);
    this.sql.dropJob.run(jobId);
  }

  dropMemos(jobId: string, item: number, step: string): void {
    this.sql.dropStepMemos.run(jobId, item, step);
  }

  putCached(entry: CacheEntry): void {
    this.sql.putCached.run(
      entry.key,
      entry.jobId,
      JSON.stringify(entry.outputs),
      JSON.stringify(entry.result),
      entry.warnings.length === 0 ? null : JSON.stringify(entry.warnings),
      entry.name,
      entry.resultFile && JSON.stringify(entry.resultFile),
    );
  }

  putMemo({ jobId, item, step, key, value, blob }: MemoRecord): void {
    this.sql.putMemo.run(jobId, item, step, key, JSON.stringify(value), blob);
  }

  keepIdempotencyKey({ owner, key, fingerprint, jobId, expiresAt }: IdempotencyRecord): void {
    this.sql.saveIdempotent.run(owner, key, fingerprint, jobId, expiresAt);
  }

  releaseReservation(id: string): void {
    this.#queues.release(id);
  }

  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void {
    this.log.append(job, type, at, data);
  }

  takeRoom(queue: string): boolean {
    // While others wait, who came before, it waits with them.
    return this.#queues.get(queue).ready === 0 && this.#queues.take(queue);
  }

  deliver(delivery: TaskDelivery): void {
    this.deliveries.push(delivery);
  }

  revoke(lease: string): void {
    this.revoked.push(lease);
  }

  drained(queue: string): void {
    this.#queues.drained(queue, this.now);
  }

  /** Writes what changed since the last flush, and counts it; what follows in the transaction sees it. */
  flush(): void {
    for (const tracked of this.#dirtyJobs) this.#saveJob(tracked);
    for (const tracked of this.#dirtyTasks) this.#saveTask(tracked);
    this.#dirtyJobs.clear();
    this.#dirtyTasks.clear();
    this.#queues.settleTaken();
  }

  /** Writes all that is left to write, before the commit. */
  finish(): void {
    this.flush();
    this.grown = this.log.write();
  }

  #saveJob(tracked: TrackedJob): void {
    const { record: job } = tracked;
    const progress = jobProgress(job);
    if (tracked.isNew) {
      const { id, owner, pipeline, state, finishedAt } = job;
      const spec = jobSpec(job);
      this.sql.insertJob.run(id, owner, pipeline, state, finishedAt, expiry(job), spec, progress);
      tracked.isNew = false;
      this.#resized(tracked, spec.length + progress.length);
    } else {
      this.sql.updateJob.run(job.state, job.finishedAt, expiry(job), progress, job.id);
    }
    this.#queues.jobMoved(tracked.live, liveState(job));
    tracked.live = liveState(job);
    if (job.finishedAt !== null) this.#forgetJob(job.id);
  }

  #saveTask(tracked: TrackedTask): void {
    const { record: task } = tracked;
    const { jobId, item, owner, queue, priority, state, wakeAt, worker } = task;
    const body = taskBody(task);
    if (tracked.isNew) {
      this.sql.insertTask.run(jobId, item, owner, queue, priority, state, wakeAt, worker, body);
      tracked.isNew = false;
    } else {
      this.sql.updateTask.run(queue, state, wakeAt, worker, body, jobId, item);
    }
    this.#queues.moved(owner, tracked.saved, task);
    tracked.saved = { queue, state, attempt: task.attempt };
    this.#resized(tracked, body.length);
    if (!isOpen(task)) this.#forget(task);
  }

  committed(): void {
    this.#begin();
    for (const id of this.#endedJobs) {
      if (this.#jobs.get(id)?.record.finishedAt !== null) this.#forgetJob(id);
    }
    for (const task of this.#endedTasks) if (!isOpen(task)) this.#forget(task);
    this.#endedJobs.clear();
    this.#endedTasks.clear();
    if (this.#keptBytes > KEPT_BYTES) this.#forgetAll();
    this.log.committed();
  }

  /** Forgets everything in memory: the transaction did not happen. */
  rolledBack(): void {
    this.#forgetAll();
    this.#endedJobs.clear();
    this.#endedTasks.clear();
    this.log.rolledBack();
    this.#begin();
  }

  #forgetAll(): void {
    this.#jobs.clear();
    this.#tasks.clear();
    this.#keptBytes = 0;
  }

  /** Of what is kept in memory. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  #begin(): void {
    this.#dirtyJobs.clear();
    this.#dirtyTasks.clear();
    this.deliveries = [];
    this.revoked = [];
    this.grown = new Set();
  }
}

function liveState(job: JobRecord): JobState | null {
  return job.finishedAt === null ? job.state : null;
}

/** An expired job has nothing left to expire. */
function expiry(job: JobRecord): number | null {
  return job.state === "expired" ? null : job.expiresAt;
}
