import type pg from "pg";
import type { Reserve, Result } from "../../ports/store/jobs.ts";
import { pipeline, retryConflicts, toError } from "./connection.ts";
import type { Drains } from "./figures.ts";
import type { PostgresLedger } from "./ledger.ts";
import type { Rooms } from "./rooms.ts";
import { statement } from "./statement.ts";

/** How old the count of open tasks may be; what this process adds and ends is counted at once. */
const FRESH_MS = 1_000;

const lock = statement(
  "lock_admission",
  "SELECT pg_advisory_xact_lock(hashtext(current_schema || ' reserve'), hashtext($1))",
);
const depth = statement(
  "depth",
  `SELECT q.name AS queue,
     (SELECT count(*) FROM (SELECT FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name LIMIT $2::int) AS counted)
     + (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.wake_at IS NOT NULL) AS open,
     (SELECT coalesce(sum(ended), 0)::int FROM drains d WHERE d.queue = q.name AND d.slice >= $3) AS drained
   FROM unnest($1::text[]) AS q (name)`,
);
const reserved = statement(
  "reserved",
  `SELECT queue, sum(tasks)::int AS tasks FROM reservations
   WHERE queue = ANY($1::text[]) AND expires_at > $2 AND id <> ALL($3::text[]) GROUP BY queue`,
);
const insert = statement(
  "reserve",
  `INSERT INTO reservations SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])
   ON CONFLICT DO NOTHING`,
);

interface Depth {
  open: number;
  drained: number;
  readAt: number;
}

interface Request {
  command: Reserve;
  resolve(result: Result<{ reserved: number }>): void;
  reject(error: Error): void;
}

/**
 * Admission. Reservations of a queue are made one transaction after the other, so that they hold together;
 * the count of open tasks is up to a second old. None of it has to outlive a crash of the database.
 */
export class Admission {
  readonly #pool: pg.Pool;
  readonly #drains: Drains;
  readonly #rooms: Rooms;
  readonly #depths = new Map<string, Depth>();
  #waiting: Request[] = [];
  #busy = false;

  constructor(pool: pg.Pool, drains: Drains, rooms: Rooms) {
    this.#pool = pool;
    this.#drains = drains;
    this.#rooms = rooms;
  }

  reserve(command: Reserve): Promise<Result<{ reserved: number }>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      if (!this.#busy) setImmediate(() => void this.#serve());
      this.#busy = true;
    });
  }

  /** Tasks that a commit of this process opened and ended. */
  count(ledger: PostgresLedger): void {
    for (const { record, saved } of ledger.dirtyTasks) {
      if (saved && isOpen(saved.state)) this.#add(saved.queue, -1);
      if (isOpen(record.state)) this.#add(record.queue, 1);
    }
    // Tasks of a forgotten job were not looked at.
    if (ledger.droppedJobs.size > 0) this.#depths.clear();
  }

  #add(queue: string, n: number): void {
    const known = this.#depths.get(queue);
    if (known) known.open += n;
  }

  async #serve(): Promise<void> {
    while (this.#waiting.length > 0) {
      const requests = this.#waiting;
      this.#waiting = [];
      await retryConflicts(() => this.#decide(requests)).catch((error) => {
        for (const { reject } of requests) reject(toError(error));
      });
    }
    this.#busy = false;
  }

  async #decide(requests: Request[]): Promise<void> {
    const client = await this.#pool.connect();
    let failed = true;
    try {
      const results = await this.#within(client, requests);
      failed = false;
      requests.forEach(({ resolve }, n) => {
        resolve(results[n]!);
      });
    } finally {
      client.release(failed);
    }
  }

  async #within(client: pg.ClientBase, requests: Request[]): Promise<Result<{ reserved: number }>[]> {
    const commands = requests.map((request) => request.command);
    const queues = [...new Set(commands.map((command) => command.queue))].sort();
    const now = Math.min(...commands.map((command) => command.now));
    const stale = queues.filter(
      (queue) => performance.now() - (this.#depths.get(queue)?.readAt ?? 0) > FRESH_MS,
    );
    const limit = 2 * Math.max(...commands.map((command) => command.limit));
    const held = new Map<string, number>();
    await this.#rooms.register(client, queues);
    await pipeline(client, () => [
      client.query("BEGIN"),
      client.query("SET LOCAL synchronous_commit = off"),
      ...queues.map((queue) => client.query(lock([queue]))),
      this.#read(client, stale, limit),
      client.query(reserved([queues, now, commands.map((command) => command.id)])).then(({ rows }) => {
        for (const { queue, tasks } of rows) held.set(queue, tasks);
      }),
    ]);
    const results = commands.map((command) => this.#admit(command, held));
    const made = commands.filter((_, n) => results[n]!.ok);
    await pipeline(client, () => [
      client.query(
        insert([
          made.map((one) => one.id),
          made.map((one) => one.queue),
          made.map((one) => one.tasks),
          made.map((one) => one.expiresAt),
        ]),
      ),
      client.query("COMMIT"),
    ]);
    return results;
  }

  async #read(client: pg.ClientBase, queues: string[], limit: number): Promise<void> {
    if (queues.length === 0) return;
    const readAt = performance.now();
    const { rows } = await client.query(depth([queues, limit, this.#drains.firstSlice()]));
    for (const { queue, open, drained } of rows) this.#depths.set(queue, { open, drained, readAt });
  }

  #admit(command: Reserve, held: Map<string, number>): Result<{ reserved: number }> {
    const { queue, tasks, limit } = command;
    const { open: known = 0, drained = 0 } = this.#depths.get(queue) ?? {};
    const open = known + (held.get(queue) ?? 0);
    if (open + tasks <= limit) {
      held.set(queue, (held.get(queue) ?? 0) + tasks);
      return { ok: true, reserved: tasks };
    }
    const rate = this.#drains.rate(queue, drained);
    const seconds = rate > 0 ? Math.ceil((open + tasks - limit) / rate) : 10;
    return {
      ok: false,
      code: "queue_full",
      message: `The queue ${queue} holds ${open} of at most ${limit} tasks; this needs ${tasks} more.`,
      retryAfter: Math.min(3600, Math.max(1, seconds)),
    };
  }
}

function isOpen(state: string): boolean {
  return state === "scheduled" || state === "ready" || state === "published" || state === "leased";
}
