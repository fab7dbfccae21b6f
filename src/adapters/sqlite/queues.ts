import { type Counted, isDelayed } from "../../domain/ledger/ledger.ts";
import type { JobState, TaskState } from "../../domain/states.ts";
import type { QueueRecord } from "../../ports/store/operations.ts";
import type { WorkerRecord } from "../../ports/store/tasks.ts";

/** Tasks in the broker per task that workers can run at once. */
const WINDOW_FACTOR = 4;
const DRAIN_SECONDS = 60;

interface Queue {
  name: string;
  scheduled: number;
  /** Those of them that wait for their job's start. */
  delayed: number;
  /** By owner. */
  delayedOf: Map<string, number>;
  ready: number;
  published: number;
  leased: number;
  /** Items that wait for their parts. */
  split: number;
  dead: number;
  /** Slots assigned in the current transaction. */
  taken: number;
  paused: boolean;
  /** Ended tasks, by second modulo `DRAIN_SECONDS`. */
  drained: number[];
  drainedAt: number;
  /** The owner that the backlog served last: another owner is next. */
  lastOwner: string;
}

interface Reservation {
  queue: string;
  owner: string;
  delayed: boolean;
  tasks: number;
  expiresAt: number;
}

/**
 * How full each queue is, in the memory of the only writer: counted from the database when it opens, then updated by
 * every transaction. Workers and reservations exist only here, and end with this process.
 */
export class Queues {
  /** A backup is running: files named by the copied records must not be collected. */
  collectionHeld = false;
  readonly workers = new Map<string, WorkerRecord>();
  /** Workers whose connection has ended, until a sweep has handed out their tasks again. */
  readonly departed = new Set<string>();
  readonly #ahead: boolean;
  readonly #queues = new Map<string, Queue>();
  readonly #reservations = new Map<string, Reservation>();
  /** Jobs that have not ended, by state. */
  readonly #jobs = new Map<JobState, number>();

  /** @param options.ahead whether the broker gets more than can run now, so that workers never wait for the store */
  constructor(options: { ahead: boolean }) {
    this.#ahead = options.ahead;
  }

  get(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = {
        name,
        ...noTasks(),
        drained: new Array<number>(DRAIN_SECONDS).fill(0),
        drainedAt: 0,
        lastOwner: "",
      };
      this.#queues.set(name, queue);
    }
    return queue;
  }

  names(): string[] {
    return [...this.#queues.keys()];
  }

  /** Restarts the counts, such as after a rollback. */
  reset(
    counts: { queue: string; state: string; n: number }[],
    delayed: { queue: string; owner: string; n: number }[],
    paused: string[],
    jobs: { state: string; n: number }[],
  ): void {
    for (const queue of this.#queues.values()) Object.assign(queue, noTasks());
    for (const { queue, state, n } of counts) this.#count(queue, state as TaskState, n);
    for (const { queue, owner, n } of delayed) this.#delay(queue, owner, n);
    for (const name of paused) this.get(name).paused = true;
    this.#jobs.clear();
    for (const { state, n } of jobs) this.#jobs.set(state as JobState, n);
  }

  /** A job's saved state differs from its loaded one; `null` if it has ended or does not exist. */
  jobMoved(from: JobState | null, to: JobState | null): void {
    if (from) this.#jobs.set(from, (this.#jobs.get(from) ?? 0) - 1);
    if (to) this.#jobs.set(to, (this.#jobs.get(to) ?? 0) + 1);
  }

  liveJobs(): Record<string, number> {
    return Object.fromEntries([...this.#jobs].filter(([, n]) => n > 0));
  }

  /** Dead letters were deleted with their job. */
  forgotten(name: string, dead: number): void {
    this.get(name).dead -= dead;
  }

  /** A task's saved state or queue differs from its loaded one. */
  moved(owner: string, from: Counted | null, to: Counted | null): void {
    if (from) this.#count(from.queue, from.state, -1);
    if (to) this.#count(to.queue, to.state, 1);
    if (from && isDelayed(from)) this.#delay(from.queue, owner, -1);
    if (to && isDelayed(to)) this.#delay(to.queue, owner, 1);
  }

  #delay(name: string, owner: string, n: number): void {
    const queue = this.get(name);
    queue.delayed += n;
    const left = (queue.delayedOf.get(owner) ?? 0) + n;
    if (left > 0) queue.delayedOf.set(owner, left);
    else queue.delayedOf.delete(owner);
  }

  /** Tasks of this owner that wait for their job's start. */
  delayedOf(name: string, owner: string): number {
    return this.get(name).delayedOf.get(owner) ?? 0;
  }

  #count(name: string, state: TaskState, n: number): void {
    if (state === "succeeded" || state === "cancelled" || state === "refused") return;
    this.get(name)[state] += n;
  }

  room(name: string): number {
    const queue = this.get(name);
    if (queue.paused) return 0;
    const slots = this.#ahead
      ? WINDOW_FACTOR * this.concurrency(name)
      : this.concurrency(name) - queue.leased;
    return Math.max(0, slots - queue.published - queue.taken);
  }

  take(name: string): boolean {
    if (this.room(name) === 0) return false;
    this.get(name).taken++;
    return true;
  }

  /** The transaction has ended: the slots that it assigned are now counted by state. */
  settleTaken(): void {
    for (const queue of this.#queues.values()) queue.taken = 0;
  }

  concurrency(name: string): number {
    let sum = 0;
    for (const worker of this.workers.values()) sum += worker.queues[name] ?? 0;
    return sum;
  }

  drained(name: string, now: number): void {
    const queue = this.get(name);
    this.#roll(queue, now);
    queue.drained[queue.drainedAt % DRAIN_SECONDS]! += 1;
  }

  #roll(queue: Queue, now: number): void {
    const second = Math.floor(now / 1000);
    const from = Math.max(queue.drainedAt + 1, second - DRAIN_SECONDS + 1);
    for (let at = from; at <= second; at++) queue.drained[at % DRAIN_SECONDS] = 0;
    if (second > queue.drainedAt) queue.drainedAt = second;
  }

  drainRate(name: string, now: number): number {
    const queue = this.get(name);
    this.#roll(queue, now);
    return queue.drained.reduce((sum, n) => sum + n, 0) / DRAIN_SECONDS;
  }

  /** Tasks that are open in the queue, or that wait for their job's start, plus those reserved. */
  taken(name: string, delayed: boolean): number {
    const queue = this.get(name);
    const { scheduled, ready, published, leased, split } = queue;
    const open = scheduled - queue.delayed + ready + published + leased + split;
    return (delayed ? queue.delayed : open) + this.reserved(name, delayed);
  }

  reserved(name: string, delayed: boolean, owner?: string): number {
    let tasks = 0;
    for (const reservation of this.#reservations.values()) {
      if (reservation.queue !== name || reservation.delayed !== delayed) continue;
      if (owner === undefined || reservation.owner === owner) tasks += reservation.tasks;
    }
    return tasks;
  }

  reserve(id: string, reservation: Reservation): void {
    this.#reservations.set(id, reservation);
  }

  release(id: string): void {
    this.#reservations.delete(id);
  }

  expireReservations(now: number): void {
    for (const [id, reservation] of this.#reservations) {
      if (reservation.expiresAt <= now) this.#reservations.delete(id);
    }
  }

  record(name: string, now: number, oldestMs: number | null): QueueRecord {
    const { ready, published, leased, scheduled, dead, paused } = this.get(name);
    return {
      name,
      ready: ready + published,
      running: leased,
      scheduled,
      dead,
      drainRate: this.drainRate(name, now),
      oldestMs,
      paused,
      workers: [...this.workers.values()].filter((worker) => name in worker.queues).length,
    };
  }
}

function noTasks() {
  return {
    scheduled: 0,
    delayed: 0,
    delayedOf: new Map<string, number>(),
    ready: 0,
    published: 0,
    leased: 0,
    split: 0,
    dead: 0,
    taken: 0,
    paused: false,
  };
}
