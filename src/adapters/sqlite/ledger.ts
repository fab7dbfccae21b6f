import type { DatabaseSync } from "node:sqlite";
import { errorGroup } from "../../domain/error-groups.ts";
import type { Ledger, PartQuery } from "../../domain/ledger/ledger.ts";
import type {
  AttemptRecord,
  BlobRecord,
  CacheEntry,
  EventType,
  IdempotencyRecord,
  JobRecord,
  Json,
  MemoRecord,
  TaskDelivery,
  TaskRecord,
} from "../../domain/records.ts";
import { isOpen } from "../../domain/states.ts";
import { jobProgress, jobSpec, partColumn, splitColumn, taskBody } from "../../domain/stored.ts";
import { EventLog } from "./event-log.ts";
import { KeptRecords, liveState, type TrackedJob, type TrackedTask } from "./kept-records.ts";
import { NoticeLog } from "./notices.ts";
import type { Queues } from "./queues.ts";
import { toBlob, toEntry } from "./rows.ts";
import { type Statements, statements } from "./statements.ts";

/** The records of the writer's transactions: read through, and written back when the transaction ends. */
export class SqliteLedger implements Ledger {
  readonly sql: Statements;
  readonly log: EventLog;
  readonly #notices: NoticeLog;
  /** Handed out since the writer last took them, to be published. */
  deliveries: TaskDelivery[] = [];
  revoked: string[] = [];
  /** Owners whose logs grew in this transaction; known just before the commit. */
  grown = new Set<string>();
  now = 0;

  readonly #queues: Queues;
  readonly #kept: KeptRecords;
  readonly #dirtyJobs = new Set<TrackedJob>();
  readonly #dirtyTasks = new Set<TrackedTask>();

  constructor(db: DatabaseSync, queues: Queues) {
    this.sql = statements(db);
    this.log = new EventLog(this.sql);
    this.#notices = new NoticeLog(db);
    this.#kept = new KeptRecords(this.sql);
    this.#queues = queues;
  }

  job(id: string): JobRecord | null {
    return this.#kept.job(id)?.record ?? null;
  }

  task(jobId: string, item: number): TaskRecord | null {
    return this.#kept.task(jobId, item)?.record ?? null;
  }

  tasks(jobId: string): TaskRecord[] {
    return this.#kept.tasks(jobId).map((tracked) => tracked.record);
  }

  firstTasks(jobId: string, count: number): TaskRecord[] {
    return Array.from({ length: count }, (_, item) => this.task(jobId, item)!);
  }

  parts(jobId: string, query: PartQuery): TaskRecord[] {
    // The rows must include what this transaction has changed.
    this.flush();
    return this.#kept.parts(jobId, query).map((tracked) => tracked.record);
  }

  cached(cacheKey: string): CacheEntry | null {
    const row = this.sql.cached.get(cacheKey);
    if (!row) return null;
    return toEntry(cacheKey, row);
  }

  blob(blobKey: string): BlobRecord | null {
    const row = this.sql.blob.get(blobKey);
    if (!row) return null;
    return toBlob(blobKey, row);
  }

  /** Nothing to prefetch: single reads are cheap here. */
  expect(): void {}

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
    this.#dirtyJobs.add(this.#kept.addJob(record));
  }

  addTask(record: TaskRecord): void {
    this.#dirtyTasks.add(this.#kept.addTask(record));
  }

  changedJob(job: JobRecord): void {
    this.#dirtyJobs.add(this.#kept.job(job.id)!);
  }

  changedTask(task: TaskRecord): void {
    this.#dirtyTasks.add(this.#kept.task(task.jobId, task.item)!);
  }

  refer(jobId: string, blob: string): void {
    this.sql.refer.run(jobId, blob);
    this.sql.referenced.run(blob);
  }

  unrefer(jobId: string, blob: string): void {
    this.sql.unrefer.run(jobId, blob);
    this.sql.releaseBlob.run(blob);
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
    for (const tracked of this.#kept.tasks(jobId)) {
      this.#queues.moved(tracked.record.owner, tracked.saved, null);
      this.#kept.forgetTask(tracked.record);
      this.#dirtyTasks.delete(tracked);
    }
    this.#dropParts(jobId);
    const job = this.#kept.job(jobId);
    if (job) {
      this.#queues.jobMoved(job.live, null);
      this.#dirtyJobs.delete(job);
    }
    this.#kept.forgetJob(jobId);
    this.log.forget(jobId);
    this.#notices.forget(jobId);
    this.sql.dropTasks.run(jobId);
    this.sql.dropDeadOfJob.run(jobId);
    this.sql.dropMemos.run(jobId);
    this.sql.dropAttempts.run(jobId);
    this.sql.dropJob.run(jobId);
  }

  /** The job has ended, so only dead letters among its parts are counted. */
  #dropParts(jobId: string): void {
    if (!this.job(jobId)?.plan.some((step) => step.kind === "split")) return;
    this.flush();
    for (const { queue } of this.sql.deadParts.iterate(jobId) as Iterable<{ queue: string }>)
      this.#queues.forgotten(queue, 1);
    this.#kept.forgetParts(jobId);
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

  keepAttempt({ jobId, item, generation, ...body }: AttemptRecord): void {
    this.sql.putAttempt.run(jobId, item, generation, JSON.stringify(body));
    this.sql.trimAttempts.run(jobId, item);
  }

  keepIdempotencyKey({ owner, key, fingerprint, jobId, expiresAt }: IdempotencyRecord): void {
    this.sql.saveIdempotent.run(owner, key, fingerprint, jobId, expiresAt);
  }

  releaseReservation(id: string): void {
    this.#queues.release(id);
  }

  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void {
    this.log.append(job, type, at, data);
    this.#notices.append(job, type, at);
  }

  takeRoom(queue: string): boolean {
    // It waits behind tasks that came first.
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

  /** Writes and counts what changed since the last flush, so that the rest of the transaction sees it. */
  flush(): void {
    for (const tracked of this.#dirtyJobs) this.#saveJob(tracked);
    for (const tracked of this.#dirtyTasks) this.#saveTask(tracked);
    this.#dirtyJobs.clear();
    this.#dirtyTasks.clear();
    this.#queues.settleTaken();
  }

  /** Writes everything left, before the commit. */
  finish(): void {
    this.flush();
    this.grown = this.log.write();
    this.#notices.write();
  }

  #saveJob(tracked: TrackedJob): void {
    const { record: job } = tracked;
    const progress = jobProgress(job);
    if (tracked.isNew) {
      const { id, owner, pipeline, state, finishedAt } = job;
      const spec = jobSpec(job);
      this.sql.insertJob.run(id, owner, pipeline, state, finishedAt, expiry(job), spec, progress);
      tracked.isNew = false;
      this.#kept.resized(tracked, spec.length + progress.length);
    } else {
      this.sql.updateJob.run(job.state, job.finishedAt, expiry(job), progress, job.id);
    }
    this.#queues.jobMoved(tracked.live, liveState(job));
    tracked.live = liveState(job);
    if (job.finishedAt !== null) this.#kept.forgetJob(job.id);
  }

  #saveTask(tracked: TrackedTask): void {
    const { record: task } = tracked;
    const { jobId, item, owner, queue, priority, state, wakeAt, worker } = task;
    const body = taskBody(task);
    const split = splitColumn(task);
    if (tracked.isNew) {
      // Never changes, so it is written only once.
      const part = partColumn(task);
      tracked.partBytes = part?.length ?? 0;
      this.sql.insertTask.run(
        ...[jobId, item, owner, queue, priority, state, wakeAt, worker, body, split, part],
      );
      tracked.isNew = false;
    } else {
      this.sql.updateTask.run(queue, state, wakeAt, worker, body, split, jobId, item);
    }
    // Operators search dead letters, so they have their own table; most tasks succeed.
    if (state === "dead")
      this.sql.putDead.run(jobId, item, owner, queue, task.error?.code ?? "", errorGroup(task.error));
    else if (tracked.saved?.state === "dead") this.sql.dropDead.run(jobId, item);
    this.#queues.moved(owner, tracked.saved, task);
    tracked.saved = { queue, state, attempt: task.attempt };
    this.#kept.resized(tracked, body.length + (split?.length ?? 0) + tracked.partBytes);
    if (!isOpen(task)) this.#kept.forgetTask(task);
  }

  committed(): void {
    this.#begin();
    this.#kept.committed();
    this.log.committed();
  }

  /** Drops everything in memory, because the transaction was rolled back. */
  rolledBack(): void {
    this.#kept.rolledBack();
    this.log.rolledBack();
    this.#notices.clear();
    this.#begin();
  }

  /** JSON bytes of what is kept in memory. */
  get keptBytes(): number {
    return this.#kept.bytes;
  }

  #begin(): void {
    this.#dirtyJobs.clear();
    this.#dirtyTasks.clear();
    this.deliveries = [];
    this.revoked = [];
    this.grown = new Set();
  }
}

/** An expired job has nothing left to expire. */
function expiry(job: JobRecord): number | null {
  return job.state === "expired" ? null : job.expiresAt;
}
