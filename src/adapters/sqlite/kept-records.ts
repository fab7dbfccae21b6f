import type { Counted, PartQuery } from "../../domain/ledger/ledger.ts";
import { isPart, partNumbers } from "../../domain/parts.ts";
import type { JobRecord, TaskRecord } from "../../domain/records.ts";
import { isOpen, type JobState } from "../../domain/states.ts";
import { type JobRow, type TaskRow, toJob, toTask } from "../../domain/stored.ts";
import type { Statements } from "./statements.ts";

/**
 * JSON bytes of records kept in memory between transactions, where they take a few times as much. There is only one
 * writer, so they cannot become stale; ended records are never kept.
 */
const KEPT_BYTES = 32 * 1024 * 1024;

interface Tracked<T> {
  record: T;
  isNew: boolean;
  /** Bytes of its JSON when it was last read or saved. */
  bytes: number;
}

export interface TrackedJob extends Tracked<JobRecord> {
  /** Its state when last saved, while it had not ended. */
  live: JobState | null;
}

export interface TrackedTask extends Tracked<TaskRecord> {
  saved: Counted | null;
  /** Bytes of a part's source. */
  partBytes: number;
}

/** Jobs and tasks as objects, one per record: loaded on first use, and kept while they are open. */
export class KeptRecords {
  readonly #sql: Pick<Statements, "job" | "task" | "tasks" | "parts">;
  readonly #jobs = new Map<string, TrackedJob>();
  /** By job and item. */
  readonly #tasks = new Map<string, Map<number, TrackedTask>>();
  #bytes = 0;
  /** Loaded in this transaction although they have ended. */
  readonly #endedJobs = new Set<string>();
  readonly #endedTasks = new Set<TaskRecord>();

  constructor(sql: Pick<Statements, "job" | "task" | "tasks" | "parts">) {
    this.#sql = sql;
  }

  job(id: string): TrackedJob | null {
    const known = this.#jobs.get(id);
    if (known) return known;
    const row = this.#sql.job.get(id) as unknown as JobRow | undefined;
    if (!row) return null;
    const record = toJob(row);
    const bytes = row.spec.length + row.progress.length;
    const tracked = { record, isNew: false, bytes, live: liveState(record) };
    this.#jobs.set(id, tracked);
    this.#bytes += bytes;
    if (record.finishedAt !== null) this.#endedJobs.add(id);
    return tracked;
  }

  task(jobId: string, item: number): TrackedTask | null {
    const known = this.#tasks.get(jobId)?.get(item);
    if (known) return known;
    const row = this.#sql.task.get(jobId, item) as unknown as TaskRow | undefined;
    return row ? this.#fromRow(row) : null;
  }

  /** All tasks of a job except its parts, by item. */
  tasks(jobId: string): TrackedTask[] {
    const rows = this.#sql.tasks.all(jobId) as unknown as TaskRow[];
    const found = new Map<number, TrackedTask>();
    for (const row of rows) found.set(row.item, this.#tasks.get(jobId)?.get(row.item) ?? this.#fromRow(row));
    // Tasks added by this transaction have no rows yet.
    for (const tracked of this.#tasks.get(jobId)?.values() ?? []) {
      if (!isPart(tracked.record)) found.set(tracked.record.item, tracked);
    }
    return [...found.values()].sort((a, b) => a.record.item - b.record.item);
  }

  /** Parts of a job according to the rows: changes of this transaction must be saved first. */
  parts(jobId: string, { item, states }: PartQuery): TrackedTask[] {
    const [first, last] = partNumbers(item);
    const rows = this.#sql.parts.all(jobId, first, last, JSON.stringify(states)) as unknown as TaskRow[];
    return rows.map((row) => this.#tasks.get(jobId)?.get(row.item) ?? this.#fromRow(row));
  }

  addJob(record: JobRecord): TrackedJob {
    const tracked = { record, isNew: true, bytes: 0, live: null };
    this.#jobs.set(record.id, tracked);
    return tracked;
  }

  addTask(record: TaskRecord): TrackedTask {
    const tracked = { record, isNew: true, bytes: 0, saved: null, partBytes: 0 };
    this.#track(tracked);
    return tracked;
  }

  #fromRow(row: TaskRow): TrackedTask {
    const record = toTask(row);
    const saved = { queue: record.queue, state: record.state, attempt: record.attempt };
    const partBytes = row.part?.length ?? 0;
    const bytes = row.body.length + (row.split?.length ?? 0) + partBytes;
    const tracked = { record, isNew: false, bytes, saved, partBytes };
    this.#track(tracked);
    if (!isOpen(record)) this.#endedTasks.add(record);
    return tracked;
  }

  #track(task: TrackedTask): void {
    const { jobId, item } = task.record;
    let tasks = this.#tasks.get(jobId);
    if (!tasks) {
      tasks = new Map();
      this.#tasks.set(jobId, tasks);
    }
    tasks.set(item, task);
    this.#bytes += task.bytes;
  }

  forgetTask({ jobId, item }: TaskRecord): void {
    const tasks = this.#tasks.get(jobId);
    const tracked = tasks?.get(item);
    if (!tasks || !tracked) return;
    this.#bytes -= tracked.bytes;
    tasks.delete(item);
    if (tasks.size === 0) this.#tasks.delete(jobId);
  }

  forgetParts(jobId: string): void {
    for (const { record } of this.#tasks.get(jobId)?.values() ?? [])
      if (isPart(record)) this.forgetTask(record);
  }

  forgetJob(id: string): void {
    this.#bytes -= this.#jobs.get(id)?.bytes ?? 0;
    this.#jobs.delete(id);
  }

  /** @param bytes of the record's JSON, as just saved */
  resized(tracked: Tracked<unknown>, bytes: number): void {
    this.#bytes += bytes - tracked.bytes;
    tracked.bytes = bytes;
  }

  committed(): void {
    for (const id of this.#endedJobs) {
      if (this.#jobs.get(id)?.record.finishedAt !== null) this.forgetJob(id);
    }
    for (const task of this.#endedTasks) if (!isOpen(task)) this.forgetTask(task);
    this.#endedJobs.clear();
    this.#endedTasks.clear();
    if (this.#bytes > KEPT_BYTES) this.#forgetAll();
  }

  /** The transaction was rolled back. */
  rolledBack(): void {
    this.#forgetAll();
    this.#endedJobs.clear();
    this.#endedTasks.clear();
  }

  #forgetAll(): void {
    this.#jobs.clear();
    this.#tasks.clear();
    this.#bytes = 0;
  }

  /** JSON bytes of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }
}

export function liveState(job: JobRecord): JobState | null {
  return job.finishedAt === null ? job.state : null;
}
