import type { Counted, Ledger, PartQuery } from "../../../domain/ledger/ledger.ts";
import {
  type NewNotice,
  type NewNoticeMail,
  type NewNotifyCall,
  noticesOf,
  ownCalls,
  ownMails,
} from "../../../domain/notices.ts";
import { isPart, partNumbers } from "../../../domain/parts.ts";
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
} from "../../../domain/records.ts";
import { toJob } from "../../../domain/stored.ts";
import { type KeyRow, keyOf, Needs, type Pick, type Picked, type Records } from "./records.ts";
import { isUuid, toBlob, toEntry, toTask } from "./rows.ts";

/** Thrown when a rule asks for something that the transaction has not read: it reads that, and runs the rules again. */
export const missing = new Error("A record that a rule needs has not been read.");

export interface Tracked<T> {
  record: T;
  isNew: boolean;
}

export interface TrackedTask extends Tracked<TaskRecord> {
  saved: Counted | null;
}

export interface PendingEvent {
  job: JobRecord;
  type: EventType;
  at: number;
  data: { [key: string]: Json };
}

/** The records of one pass over a batch: read from what the transaction has loaded, changed only in memory. */
export class PostgresLedger implements Ledger {
  /** What this pass asked for but did not find. */
  readonly wanted = new Needs();
  hasMissed = false;
  /** Deliveries of the current command. */
  deliveries: TaskDelivery[] = [];
  revoked: string[] = [];

  readonly dirtyJobs = new Set<Tracked<JobRecord>>();
  readonly dirtyTasks = new Set<TrackedTask>();
  readonly droppedJobs = new Set<string>();
  readonly droppedFiles = new Set<string>();
  readonly droppedMemos: [jobId: string, item: number, step: string][] = [];
  readonly refs = new Map<string, { jobId: string; blob: string }>();
  readonly referred = new Set<string>();
  readonly unreferred = new Map<string, { jobId: string; blob: string }>();
  readonly unpinned = new Map<string, number>();
  readonly puts = new Map<string, CacheEntry>();
  readonly keys = new Map<string, KeyRow>();
  readonly memos = new Map<string, MemoRecord>();
  attempts: AttemptRecord[] = [];
  readonly reservations = new Set<string>();
  readonly taken = new Map<string, number>();
  readonly ended = new Map<string, number>();
  events: PendingEvent[] = [];
  notices: NewNotice[] = [];
  mails: NewNoticeMail[] = [];
  calls: NewNotifyCall[] = [];
  /** Deliveries of all commands of the pass. */
  readonly handed: TaskDelivery[] = [];

  readonly #loaded: Records;
  readonly #room: (queue: string) => number;
  readonly #jobs = new Map<string, Tracked<JobRecord> | null>();
  readonly #tasks = new Map<string, Map<number, TrackedTask>>();
  readonly #blobs = new Map<string, BlobRecord>();

  constructor(loaded: Records, room: (queue: string) => number) {
    this.#loaded = loaded;
    this.#room = room;
  }

  get serverNow(): number {
    return this.#loaded.serverNow;
  }

  #miss(want: (wanted: Needs) => void): never {
    want(this.wanted);
    this.hasMissed = true;
    throw missing;
  }

  job(id: string): JobRecord | null {
    if (!isUuid(id)) return null;
    let known = this.#jobs.get(id);
    if (known === undefined) {
      const row = this.#loaded.jobs.get(id);
      if (row === undefined) this.#miss((wanted) => wanted.jobs.add(id));
      known = row && { record: toJob(row), isNew: false };
      this.#jobs.set(id, known);
    }
    return known === null ? null : known.record;
  }

  task(jobId: string, item: number): TaskRecord | null {
    const known = this.#tasksOf(jobId).get(item);
    if (known) return known.record;
    if (this.#isWhole(jobId)) return null;
    const row = this.#loaded.tasksOf(jobId).get(item);
    if (row === undefined) this.#miss((wanted) => wanted.task(jobId, item));
    return row && this.#track(jobId, item).record;
  }

  tasks(jobId: string): TaskRecord[] {
    const mine = this.#tasksOf(jobId);
    const job = this.#jobs.get(jobId);
    if (!job?.isNew) {
      if (!this.#loaded.whole.has(jobId)) this.#miss((wanted) => wanted.whole.add(jobId));
      for (const [item, row] of this.#loaded.tasksOf(jobId)) {
        if (row && !mine.has(item)) this.#track(jobId, item);
      }
    }
    return inOrder([...mine.values()].filter(({ record }) => !isPart(record)));
  }

  parts(jobId: string, query: PartQuery): TaskRecord[] {
    const { item, states } = query;
    const key = JSON.stringify([jobId, item, states]);
    if (!this.#loaded.parts.has(key)) this.#miss((wanted) => wanted.parts.set(key, { jobId, ...query }));
    const [first, last] = partNumbers(item);
    const isAsked = (number: number) => number >= first && number <= last;
    const mine = this.#tasksOf(jobId);
    for (const [number, row] of this.#loaded.tasksOf(jobId)) {
      if (row && isAsked(number) && !mine.has(number)) this.#track(jobId, number);
    }
    return inOrder(
      [...mine.values()].filter(({ record }) => isAsked(record.item) && states.includes(record.state)),
    );
  }

  expect(wanted: { cached: readonly string[] } | { blobs: readonly string[] }): void {
    const [keys, here, need] =
      "cached" in wanted
        ? [wanted.cached.filter((key) => !this.puts.has(key)), this.#loaded.cache, this.wanted.cache]
        : [wanted.blobs, this.#loaded.blobs, this.wanted.blobs];
    const missed = keys.filter((key) => !here.has(key));
    if (missed.length > 0) this.#miss(() => missed.forEach((key) => void need.add(key)));
  }

  firstTasks(jobId: string, count: number): TaskRecord[] {
    const items = Array.from({ length: count }, (_, item) => item);
    const isUnread = (item: number) =>
      !this.#tasksOf(jobId).has(item) && this.#loaded.tasksOf(jobId).get(item) === undefined;
    const unread = this.#isWhole(jobId) ? [] : items.filter(isUnread);
    if (unread.length > 0) {
      this.#miss((wanted) => {
        for (const item of unread) wanted.task(jobId, item);
      });
    }
    return items.flatMap((item) => this.task(jobId, item) ?? []);
  }

  #isWhole(jobId: string): boolean {
    return this.#jobs.get(jobId)?.isNew === true || this.droppedJobs.has(jobId);
  }

  #tasksOf(jobId: string): Map<number, TrackedTask> {
    let tasks = this.#tasks.get(jobId);
    if (!tasks) {
      tasks = new Map();
      this.#tasks.set(jobId, tasks);
    }
    return tasks;
  }

  #track(jobId: string, item: number): TrackedTask {
    const record = toTask(this.#loaded.tasksOf(jobId).get(item)!);
    const tracked = {
      record,
      isNew: false,
      saved: { queue: record.queue, state: record.state, attempt: record.attempt },
    };
    this.#tasksOf(jobId).set(item, tracked);
    return tracked;
  }

  cached(key: string): CacheEntry | null {
    const put = this.puts.get(key);
    if (put) return put;
    const row = this.#loaded.cache.get(key);
    if (row === undefined) this.#miss((wanted) => wanted.cache.add(key));
    return row && !this.droppedFiles.has(row.job_id) ? toEntry(row) : null;
  }

  blob(key: string): BlobRecord | null {
    const known = this.#blobs.get(key);
    if (known) return known;
    const row = this.#loaded.blobs.get(key);
    if (row === undefined) this.#miss((wanted) => wanted.blobs.add(key));
    if (row === null) return null;
    const record = toBlob(row);
    this.#blobs.set(key, record);
    return record;
  }

  workerAlive(worker: string): boolean {
    const died = this.#loaded.deaths.get(worker);
    if (died === undefined) this.#miss((wanted) => wanted.workers.add(worker));
    return !died;
  }

  idempotencyKey(owner: string, key: string, now: number): IdempotencyRecord | null {
    const known = this.keys.get(keyOf(owner, key)) ?? this.#loaded.keys.get(keyOf(owner, key));
    if (known === undefined) this.#miss((wanted) => wanted.key(owner, key));
    if (known === null || known.expires_at <= now) return null;
    const { fingerprint, job_id: jobId, expires_at: expiresAt } = known;
    return { owner, key, fingerprint, jobId, expiresAt };
  }

  picked(pick: Pick): Picked {
    return this.#loaded.picked.get(pick)!;
  }

  addJob(record: JobRecord): void {
    const tracked = { record, isNew: true };
    this.#jobs.set(record.id, tracked);
    this.dirtyJobs.add(tracked);
  }

  addTask(record: TaskRecord): void {
    const tracked = { record, isNew: true, saved: null };
    this.#tasksOf(record.jobId).set(record.item, tracked);
    this.dirtyTasks.add(tracked);
  }

  changedJob(job: JobRecord): void {
    this.dirtyJobs.add(this.#jobs.get(job.id)!);
  }

  changedTask(task: TaskRecord): void {
    this.dirtyTasks.add(this.#tasksOf(task.jobId).get(task.item)!);
  }

  refer(jobId: string, blob: string): void {
    this.refs.set(`${jobId} ${blob}`, { jobId, blob });
    this.referred.add(blob);
    const known = this.#blobs.get(blob);
    if (known) known.refs = Math.max(1, known.refs);
  }

  unrefer(jobId: string, blob: string): void {
    // So that its row gets locked.
    this.blob(blob);
    this.refs.delete(`${jobId} ${blob}`);
    this.unreferred.set(`${jobId} ${blob}`, { jobId, blob });
  }

  unpin(blob: string): void {
    this.unpinned.set(blob, (this.unpinned.get(blob) ?? 0) + 1);
    const known = this.#blobs.get(blob);
    if (known) known.pins = Math.max(0, known.pins - 1);
  }

  dropFiles(jobId: string): void {
    this.droppedFiles.add(jobId);
    for (const [key, ref] of this.refs) if (ref.jobId === jobId) this.refs.delete(key);
    for (const [key, entry] of this.puts) if (entry.jobId === jobId) this.puts.delete(key);
  }

  dropJob(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (job) this.dirtyJobs.delete(job);
    this.#jobs.set(jobId, null);
    for (const tracked of this.#tasksOf(jobId).values()) this.dirtyTasks.delete(tracked);
    this.#tasks.delete(jobId);
    for (const [key, memo] of this.memos) if (memo.jobId === jobId) this.memos.delete(key);
    this.attempts = this.attempts.filter((attempt) => attempt.jobId !== jobId);
    this.droppedJobs.add(jobId);
    // An owner who deletes a job need not be notified of its end.
    this.notices = this.notices.filter((notice) => notice.jobId !== jobId);
    this.mails = this.mails.filter((mail) => mail.jobId !== jobId);
    this.calls = this.calls.filter((call) => call.jobId !== jobId);
    for (const event of this.events) {
      if (event.job.id === jobId)
        event.data = { jobId, progress: event.data.progress ?? null, forgotten: true };
    }
  }

  dropMemos(jobId: string, item: number, step: string): void {
    this.droppedMemos.push([jobId, item, step]);
    for (const [key, memo] of this.memos) {
      if (memo.jobId === jobId && memo.item === item && memo.step === step) this.memos.delete(key);
    }
  }

  putCached(entry: CacheEntry): void {
    this.puts.set(entry.key, entry);
  }

  putMemo(memo: MemoRecord): void {
    const key = JSON.stringify([memo.jobId, memo.item, memo.step, memo.key]);
    if (!this.memos.has(key)) this.memos.set(key, memo);
  }

  keepAttempt(attempt: AttemptRecord): void {
    this.attempts.push(attempt);
  }

  keepIdempotencyKey({ owner, key, fingerprint, jobId, expiresAt }: IdempotencyRecord): void {
    this.keys.set(keyOf(owner, key), { owner, key, fingerprint, job_id: jobId, expires_at: expiresAt });
  }

  releaseReservation(id: string): void {
    this.reservations.add(id);
  }

  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void {
    this.events.push({ job, type, at, data });
    this.notices.push(...noticesOf(job, type, at));
    this.mails.push(...ownMails(job, type, at));
    this.calls.push(...ownCalls(job, type, at));
  }

  takeRoom(queue: string): boolean {
    const taken = this.taken.get(queue) ?? 0;
    if (this.#room(queue) <= taken) return false;
    this.taken.set(queue, taken + 1);
    return true;
  }

  deliver(delivery: TaskDelivery): void {
    this.deliveries.push(delivery);
    this.handed.push(delivery);
  }

  revoke(lease: string): void {
    this.revoked.push(lease);
  }

  drained(queue: string): void {
    this.ended.set(queue, (this.ended.get(queue) ?? 0) + 1);
  }
}

function inOrder(tasks: readonly TrackedTask[]): TaskRecord[] {
  return tasks.map(({ record }) => record).sort((a, b) => a.item - b.item);
}
