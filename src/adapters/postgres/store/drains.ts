import type pg from "pg";
import { statement } from "../statement.ts";
import type { ServerClock } from "./clock.ts";

const SLICE_MS = 5_000;
const DRAIN_SECONDS = 60;

const add = statement(
  "add_drains",
  `INSERT INTO drains SELECT queue, $3, $4, ended FROM unnest($1::text[], $2::int[]) AS u (queue, ended)
   ON CONFLICT (queue, slice, process) DO UPDATE SET ended = drains.ended + excluded.ended`,
);

/**
 * Counts ended tasks by queue. Each process keeps its own counts and writes them every few seconds, so that no
 * transaction waits for a counter.
 */
export class Drains {
  readonly #pool: pg.Pool;
  readonly #clock: ServerClock;
  readonly #process: string;
  #ended = new Map<string, number>();
  #writtenAt = 0;

  constructor(pool: pg.Pool, clock: ServerClock, process: string) {
    this.#pool = pool;
    this.#clock = clock;
    this.#process = process;
  }

  count(ended: ReadonlyMap<string, number>): void {
    for (const [queue, n] of ended) this.#ended.set(queue, (this.#ended.get(queue) ?? 0) + n);
    const now = Date.now();
    if (this.#ended.size === 0 || now - this.#writtenAt < SLICE_MS) return;
    // A process's first count after a quiet period waits for more.
    const first = this.#writtenAt === 0;
    this.#writtenAt = now;
    if (!first) void this.flush();
  }

  /** These statistics are only for operators, so a failed write is dropped. */
  async flush(): Promise<void> {
    const ended = [...this.#ended];
    if (ended.length === 0) return;
    this.#ended = new Map();
    const slice = this.#slice();
    const values = [ended.map(([queue]) => queue), ended.map(([, n]) => n), slice, this.#process];
    await this.#pool.query(add(values)).catch(() => {});
  }

  /** Tasks of the queue that ended per second, over the last minute. */
  rate(queue: string, written: number): number {
    return (written + (this.#ended.get(queue) ?? 0)) / DRAIN_SECONDS;
  }

  /** The oldest slice that counts toward a rate. */
  firstSlice(): number {
    return this.#slice() - DRAIN_SECONDS / (SLICE_MS / 1_000) + 1;
  }

  #slice(): number {
    return Math.floor(this.#clock.now() / SLICE_MS);
  }
}
