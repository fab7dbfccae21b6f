import type pg from "pg";
import { admissionRefusal } from "../../../domain/admission.ts";
import { type Counted, isDelayed } from "../../../domain/ledger/ledger.ts";
import { isOpen } from "../../../domain/states.ts";
import type { Reserve, Result } from "../../../ports/store/jobs.ts";
import { pipeline, retryConflicts, toError } from "../connection.ts";
import { statement } from "../statement.ts";
import type { Drains } from "./drains.ts";
import type { PostgresLedger } from "./ledger.ts";
import type { Windows } from "./windows.ts";

/** Maximum age of the count of open tasks; this process's own changes are counted at once. */
const FRESH_MS = 1_000;

const lock = statement(
  "lock_admission",
  "SELECT pg_advisory_xact_lock(hashtext(current_schema || ' reserve'), hashtext($1))",
);
const depth = statement(
  "depth",
  `SELECT q.name AS queue,
     (SELECT count(*) FROM (SELECT FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name LIMIT $2::int) AS counted)
     + (SELECT count(*) FROM tasks t WHERE t.state = 'split' AND t.queue = q.name)
     + (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.wake_at IS NOT NULL) AS unended,
     (SELECT count(*) FROM tasks t WHERE t.queue = q.name AND t.state = 'scheduled' AND t.wake_at IS NOT NULL
        AND t.body ->> 'attempt' = '0') AS delayed,
     (SELECT coalesce(sum(ended), 0)::int FROM drains d WHERE d.queue = q.name AND d.slice >= $3) AS drained
   FROM unnest($1::text[]) AS q (name)`,
);
const reserved = statement(
  "reserved",
  `SELECT queue, owner, delayed, sum(tasks)::int AS tasks FROM reservations
   WHERE queue = ANY($1::text[]) AND expires_at > $2 AND id <> ALL($3::text[]) GROUP BY 1, 2, 3`,
);
const delayedOf = statement(
  "delayed_of",
  `SELECT u.queue, u.owner, (SELECT count(*)::int FROM tasks t WHERE t.queue = u.queue AND t.owner = u.owner
     AND t.state = 'scheduled' AND t.wake_at IS NOT NULL AND t.body ->> 'attempt' = '0') AS tasks
   FROM unnest($1::text[], $2::text[]) AS u (queue, owner)`,
);
const insert = statement(
  "reserve",
  `INSERT INTO reservations (id, queue, tasks, expires_at, owner, delayed)
   SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::boolean[])
   ON CONFLICT DO NOTHING`,
);

interface Depth {
  open: number;
  /** Tasks that wait for their job's start. */
  delayed: number;
  drained: number;
  readAt: number;
}

interface Request {
  command: Reserve;
  resolve(result: Result<{ reserved: number }>): void;
  reject(error: Error): void;
}

/**
 * Admission. Reservations of a queue are made one transaction at a time, so that they are consistent; the count of open
 * tasks is up to a second old. None of this has to survive a crash of the database.
 */
export class Admission {
  readonly #pool: pg.Pool;
  readonly #drains: Drains;
  readonly #windows: Windows;
  readonly #depths = new Map<string, Depth>();
  #waiting: Request[] = [];
  #busy = false;

  constructor(pool: pg.Pool, drains: Drains, windows: Windows) {
    this.#pool = pool;
    this.#drains = drains;
    this.#windows = windows;
  }

  reserve(command: Reserve): Promise<Result<{ reserved: number }>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      if (!this.#busy) setImmediate(() => void this.#serve());
      this.#busy = true;
    });
  }

  /** Counts the tasks that a commit of this process opened and ended. */
  count(ledger: PostgresLedger): void {
    for (const { record, saved } of ledger.dirtyTasks) {
      if (saved) this.#add(saved, -1);
      this.#add(record, 1);
    }
    // The tasks of deleted jobs were not counted individually.
    if (ledger.droppedJobs.size > 0) this.#depths.clear();
  }

  #add(task: Counted, n: number): void {
    const known = this.#depths.get(task.queue);
    if (!known) return;
    if (isDelayed(task)) known.delayed += n;
    else if (isOpen(task)) known.open += n;
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
    const held = new Tasks();
    const delayed = new Tasks();
    const later = commands.filter((command) => command.delayed);
    await this.#windows.register(client, queues);
    await pipeline(client, () => [
      client.query("BEGIN"),
      client.query("SET LOCAL synchronous_commit = off"),
      ...queues.map((queue) => client.query(lock([queue]))),
      this.#read(client, stale, limit),
      ...(later.length > 0 ? [this.#readDelayed(client, later, delayed)] : []),
      client.query(reserved([queues, now, commands.map((command) => command.id)])).then(({ rows }) => {
        for (const row of rows) held.add(row);
      }),
    ]);
    const results = commands.map((command) => this.#admit(command, held, delayed));
    const made = commands.filter((_, n) => results[n]!.ok);
    await pipeline(client, () => [
      client.query(
        insert([
          made.map((one) => one.id),
          made.map((one) => one.queue),
          made.map((one) => one.tasks),
          made.map((one) => one.expiresAt),
          made.map((one) => one.owner),
          made.map((one) => one.delayed),
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
    for (const { queue, unended, delayed, drained } of rows) {
      this.#depths.set(queue, { open: unended - delayed, delayed, drained, readAt });
    }
  }

  /** Delayed tasks of these commands' owners, in their queues. */
  async #readDelayed(client: pg.ClientBase, commands: readonly Reserve[], into: Tasks): Promise<void> {
    const places = new Map(commands.map((command) => [keyOf(command), command]));
    const list = [...places.values()];
    const query = delayedOf([list.map((one) => one.queue), list.map((one) => one.owner)]);
    const { rows } = await client.query<Pick<Reserve, "queue" | "owner" | "tasks">>(query);
    for (const row of rows) into.add({ ...row, delayed: true });
  }

  #admit(command: Reserve, held: Tasks, later: Tasks): Result<{ reserved: number }> {
    const { queue, owner, tasks, delayed } = command;
    const known = this.#depths.get(queue);
    const counted = (delayed ? known?.delayed : known?.open) ?? 0;
    const refusal = admissionRefusal(command, {
      taken: counted + held.of({ queue, delayed }),
      ownReserved: held.of({ queue, delayed, owner }),
      ownDelayed: later.of({ queue, delayed, owner }),
      drainRate: this.#drains.rate(queue, known?.drained ?? 0),
    });
    if (refusal) return refusal;
    held.add({ queue, owner, delayed, tasks });
    return { ok: true, reserved: tasks };
  }
}

/** Task counts by queue and kind, and by owner. */
class Tasks {
  readonly #tasks = new Map<string, number>();

  add({ queue, owner, delayed, tasks }: Pick<Reserve, "queue" | "owner" | "delayed" | "tasks">): void {
    for (const key of [keyOf({ queue, delayed }), keyOf({ queue, delayed, owner })]) {
      this.#tasks.set(key, (this.#tasks.get(key) ?? 0) + tasks);
    }
  }

  of(what: { queue: string; delayed: boolean; owner?: string }): number {
    return this.#tasks.get(keyOf(what)) ?? 0;
  }
}

function keyOf({ queue, delayed, owner }: { queue: string; delayed: boolean; owner?: string }): string {
  return JSON.stringify([queue, delayed, owner]);
}
