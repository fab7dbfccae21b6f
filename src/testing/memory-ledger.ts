import type { CreateJob } from "../domain/commands.ts";
import { newId } from "../domain/ids.ts";
import type { Ledger, PartQuery } from "../domain/ledger/ledger.ts";
import { isPart, partAt } from "../domain/parts.ts";
import type {
  AttemptRecord,
  BlobRecord,
  CacheEntry,
  EventType,
  FileRef,
  IdempotencyRecord,
  JobRecord,
  Json,
  MemoRecord,
  TaskDelivery,
  TaskRecord,
} from "../domain/records.ts";
import { jobCommand } from "./store/fixture.ts";

export interface LoggedEvent {
  jobId: string;
  type: EventType;
  at: number;
  data: { [key: string]: Json };
}

/**
 * Records in memory. Like a database, it returns copies and applies only announced changes, so a rule that forgets
 * `changedTask` fails here.
 */
export class MemoryLedger implements Ledger {
  readonly events: LoggedEvent[] = [];
  readonly deliveries: TaskDelivery[] = [];
  readonly revoked: string[] = [];
  readonly released: string[] = [];
  readonly dead = new Set<string>();
  readonly memos = new Map<string, MemoRecord>();
  readonly attempts: AttemptRecord[] = [];
  readonly blobs = new Map<string, BlobRecord>();
  /** Free slots in each queue's window; unlimited if not set. */
  readonly room = new Map<string, number>();
  drainedTasks = 0;
  readonly #jobs = new Map<string, JobRecord>();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #cache = new Map<string, CacheEntry>();
  readonly #keys = new Map<string, IdempotencyRecord>();
  readonly #refs = new Set<string>();
  /** What the current command has read or added: one object per record for the length of the command. */
  readonly #present = new Map<string, JobRecord | TaskRecord>();

  /** Runs one command, and discards its unannounced changes. */
  run<T>(command: (ledger: Ledger) => T): T {
    try {
      return structuredClone(command(this));
    } finally {
      this.#present.clear();
    }
  }

  #read<R extends JobRecord | TaskRecord>(key: string, saved: R | undefined): R | null {
    const present = this.#present.get(key) as R | undefined;
    if (present) return present;
    if (!saved) return null;
    const copy = structuredClone(saved);
    this.#present.set(key, copy);
    return copy;
  }

  job(id: string): JobRecord | null {
    return this.#read(id, this.#jobs.get(id));
  }

  task(jobId: string, item: number): TaskRecord | null {
    return this.#read(`${jobId}.${item}`, this.#tasks.get(`${jobId}.${item}`));
  }

  tasks(jobId: string): TaskRecord[] {
    return this.#tasksOf(jobId).filter((task) => !isPart(task));
  }

  parts(jobId: string, { item, states }: PartQuery): TaskRecord[] {
    const isAsked = (task: TaskRecord) =>
      isPart(task) && (item === undefined || partAt(task.item)!.item === item) && states.includes(task.state);
    return this.#tasksOf(jobId).filter(isAsked);
  }

  #tasksOf(jobId: string): TaskRecord[] {
    const saved = [...this.#tasks.values()].filter((task) => task.jobId === jobId);
    return saved.map((task) => this.task(jobId, task.item)!).sort((a, b) => a.item - b.item);
  }

  expect(): void {}

  firstTasks(jobId: string, count: number): TaskRecord[] {
    return Array.from({ length: count }, (_, item) => this.task(jobId, item)!);
  }

  cached(key: string): CacheEntry | null {
    return structuredClone(this.#cache.get(key) ?? null);
  }

  blob(key: string): BlobRecord | null {
    return structuredClone(this.blobs.get(key) ?? null);
  }

  workerAlive(worker: string): boolean {
    return !this.dead.has(worker);
  }

  idempotencyKey(owner: string, key: string, now: number): IdempotencyRecord | null {
    const record = this.#keys.get(`${owner} ${key}`);
    return record && record.expiresAt > now ? record : null;
  }

  addJob(job: JobRecord): void {
    this.#present.set(job.id, job);
    this.changedJob(job);
  }

  addTask(task: TaskRecord): void {
    this.#present.set(`${task.jobId}.${task.item}`, task);
    this.changedTask(task);
  }

  changedJob(job: JobRecord): void {
    // A rule may keep changing it until the command ends.
    this.#jobs.set(job.id, job);
  }

  changedTask(task: TaskRecord): void {
    this.#tasks.set(`${task.jobId}.${task.item}`, task);
  }

  refer(jobId: string, blob: string): void {
    if (this.#refs.has(`${jobId} ${blob}`)) return;
    this.#refs.add(`${jobId} ${blob}`);
    this.blobs.get(blob)!.refs++;
  }

  unrefer(jobId: string, blob: string): void {
    if (this.#refs.delete(`${jobId} ${blob}`)) this.blobs.get(blob)!.refs--;
  }

  unpin(blob: string): void {
    const record = this.blobs.get(blob)!;
    record.pins = Math.max(0, record.pins - 1);
  }

  dropFiles(jobId: string): void {
    for (const ref of [...this.#refs].filter((one) => one.startsWith(`${jobId} `))) {
      this.#refs.delete(ref);
      this.blobs.get(ref.slice(jobId.length + 1))!.refs--;
    }
    for (const [key, entry] of this.#cache) if (entry.jobId === jobId) this.#cache.delete(key);
  }

  dropJob(jobId: string): void {
    for (const { item } of this.tasks(jobId)) {
      this.#tasks.delete(`${jobId}.${item}`);
      this.#present.delete(`${jobId}.${item}`);
    }
    for (const [key, memo] of this.memos) if (memo.jobId === jobId) this.memos.delete(key);
    this.#jobs.delete(jobId);
    this.#present.delete(jobId);
  }

  dropMemos(jobId: string, item: number, step: string): void {
    for (const [key, memo] of this.memos)
      if (memo.jobId === jobId && memo.item === item && memo.step === step) this.memos.delete(key);
  }

  putCached(entry: CacheEntry): void {
    this.#cache.set(entry.key, structuredClone(entry));
  }

  putMemo(memo: MemoRecord): void {
    const key = JSON.stringify([memo.jobId, memo.item, memo.step, memo.key]);
    if (!this.memos.has(key)) this.memos.set(key, memo);
  }

  keepAttempt(attempt: AttemptRecord): void {
    this.attempts.push(structuredClone(attempt));
  }

  keepIdempotencyKey(record: IdempotencyRecord): void {
    this.#keys.set(`${record.owner} ${record.key}`, record);
  }

  releaseReservation(id: string): void {
    this.released.push(id);
  }

  append(job: JobRecord, type: EventType, at: number, data: { [key: string]: Json }): void {
    this.events.push({ jobId: job.id, type, at, data: structuredClone(data) });
  }

  takeRoom(queue: string): boolean {
    const room = this.room.get(queue) ?? Number.POSITIVE_INFINITY;
    if (room > 0) this.room.set(queue, room - 1);
    return room > 0;
  }

  deliver(delivery: TaskDelivery): void {
    this.deliveries.push(delivery);
  }

  revoke(lease: string): void {
    this.revoked.push(lease);
  }

  drained(): void {
    this.drainedTasks++;
  }

  /** A blob pinned until `until`, as after an upload. */
  upload(key: string, until = Number.POSITIVE_INFINITY): FileRef {
    const sha256 = "0".repeat(64);
    this.blobs.set(key, { key, sha256, bytes: 1, refs: 0, deleting: false, pins: 1, pinnedUntil: until });
    return { artifactId: newId(), name: "a.txt", mediaType: "text/plain", bytes: 1, sha256, blob: key };
  }

  /** Tasks whose wake-up time has passed. */
  due(now: number): TaskRecord[] {
    return [...this.#tasks.values()].filter((task) => task.wakeAt !== null && task.wakeAt <= now);
  }

  types(jobId: string): string[] {
    return this.events.filter((event) => event.jobId === jobId).map((event) => event.type);
  }
}

/** A job of one step and no files, created at 1,000, with overrides. */
export function creation(parts: Partial<CreateJob> = {}): CreateJob {
  const retention = { retentionMs: 10_000, deadLetterRetentionMs: 20_000 };
  return jobCommand({ now: 1_000, owner: "owner", ...retention, ...parts });
}
