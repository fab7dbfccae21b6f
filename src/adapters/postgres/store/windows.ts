import type pg from "pg";
import { statement } from "../statement.ts";

/** Tasks in the broker per task that workers can run at once. */
const WINDOW_FACTOR = 4;
/** Maximum age of the figures. Several processes may fill the same free slots, which exceeds the window slightly. */
const FRESH_MS = 250;

const figures = statement(
  "windows",
  `SELECT q.name, q.paused, coalesce(w.concurrency, 0) AS concurrency, coalesce(w.claimers, 0) AS claimers,
     (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.state = 'published' AND t.wake_at IS NOT NULL)
       AS published,
     -- Not EXISTS, which may be answered for all queues at once, by reading the whole backlog.
     coalesce((SELECT true FROM tasks t WHERE t.queue = q.name AND t.state = 'ready' LIMIT 1), false) AS waiting
   FROM queues q LEFT JOIN (
     SELECT asked.key, sum(asked.value::int) FILTER (WHERE NOT workers.claims) AS concurrency,
       count(*) FILTER (WHERE workers.claims) AS claimers
     FROM workers, json_each_text(workers.queues) AS asked
     WHERE workers.gone_at IS NULL GROUP BY asked.key
   ) w ON w.key = q.name`,
);
const register = statement(
  "register_queues",
  "INSERT INTO queues SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
);

interface Figures {
  name: string;
  paused: boolean;
  concurrency: number;
  published: number;
  /** Workers that claim straight from its backlog. */
  claimers: number;
  /** There may be a backlog. */
  waiting: boolean;
}

/** The room in the broker's window of each queue, from recent figures. */
export class Windows {
  #queues = new Map<string, Figures>();
  #readAt = 0;

  isFresh(): boolean {
    return performance.now() - this.#readAt < FRESH_MS && this.#readAt > 0;
  }

  async read(client: pg.ClientBase | pg.Pool): Promise<void> {
    const at = performance.now();
    const { rows } = await client.query<Figures>(figures());
    this.#queues = new Map(rows.map((row) => [row.name, row]));
    this.#readAt = at;
  }

  /** Discards the figures, after a change that they do not reflect. */
  forget(): void {
    this.#readAt = 0;
  }

  room(queue: string): number {
    const known = this.#queues.get(queue);
    if (!known || known.paused) return 0;
    return Math.max(0, WINDOW_FACTOR * known.concurrency - known.published);
  }

  /** Room for newly due tasks: none while others are waiting, which came first. */
  roomForNew(queue: string): number {
    return this.#queues.get(queue)?.waiting ? 0 : this.room(queue);
  }

  /** Slots were taken (positive) or freed. */
  taken(queue: string, count: number): void {
    const known = this.#queues.get(queue);
    if (known) known.published += count;
  }

  /** Room for tasks in the backlog; 0 if it is empty. */
  roomForBacklog(queue: string): number {
    return this.#queues.get(queue)?.waiting ? this.room(queue) : 0;
  }

  /** Notes whether the backlog has tasks, as far as this process knows. */
  waits(queue: string, waiting: boolean): void {
    const known = this.#queues.get(queue);
    if (known) known.waiting = waiting;
  }

  claimers(queue: string): number {
    return this.#queues.get(queue)?.claimers ?? 0;
  }

  names(): string[] {
    return [...this.#queues.keys()];
  }

  /** Registers queues that tasks or workers name for the first time. */
  async register(client: pg.ClientBase | pg.Pool, names: Iterable<string>): Promise<void> {
    const unknown = [...names].filter((name) => !this.#queues.has(name)).sort();
    if (unknown.length === 0) return;
    await client.query(register([unknown]));
    this.forget();
  }
}
