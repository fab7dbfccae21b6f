import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import type { Heartbeat, WorkerRecord } from "../../../ports/store/tasks.ts";
import { asking, pipeline, type Target } from "../connection.ts";
import { classOf, Session, unheld } from "../locks.ts";
import { statement } from "../statement.ts";
import { SERVER_NOW, type ServerClock } from "./clock.ts";
import type { Windows } from "./windows.ts";

/** A worker whose lock is free is checked again after this time: only its connection may have broken. */
const DOUBT_MS = 300;
/** After a server restart a lock is free until its owner reconnects, for which it has this long. */
const RETURN_MS = 5_000;
/** How long a claim of a dead process may still be in flight. */
const LATE_SECONDS = 15;

const beat = statement(
  "heartbeat",
  `INSERT INTO workers AS w (id, seen_at, queues, record, claims)
   VALUES ($1, ${SERVER_NOW}, $2::json, $3::json, $4)
   ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, queues = excluded.queues,
     record = excluded.record, claims = w.claims OR excluded.claims, gone_at = NULL
   RETURNING claims, xmax = 0 AS is_new, ${SERVER_NOW} AS now`,
);
const hold = statement(
  "hold",
  `SELECT holder, pg_advisory_lock_shared(${classOf("worker")}, holder) FROM workers WHERE id = $1`,
);
const held = statement("held", "UPDATE workers SET held_at = clock_timestamp() WHERE id = $1");
const list = statement("workers", "SELECT record, seen_at FROM workers WHERE gone_at IS NULL ORDER BY id");
/** Removes them from the list until they report again: their processes may be alive, as their locks show. */
const dropSilent = statement(
  "drop_silent_workers",
  `DELETE FROM workers WHERE gone_at IS NULL AND seen_at < ${SERVER_NOW} - $1::float8 RETURNING id`,
);
const vanished = statement(
  "vanished_workers",
  `SELECT id FROM workers WHERE gone_at IS NULL AND ${unheld("worker", "workers.holder")}
   AND ($1::boolean OR held_at > pg_postmaster_start_time()) LIMIT 100`,
);
const serverStart = statement("server_start", "SELECT pg_postmaster_start_time()::text AS at");
const gone = statement("gone_workers", "SELECT id FROM workers WHERE gone_at IS NOT NULL");
const mark = statement(
  "worker_gone",
  "UPDATE workers SET gone_at = clock_timestamp() WHERE id = $1 AND gone_at IS NULL",
);
const clear = statement(
  "clear_workers",
  `DELETE FROM workers WHERE gone_at < clock_timestamp() - make_interval(secs => ${LATE_SECONDS})`,
);
const remove = statement("remove_worker", "DELETE FROM workers WHERE id = $1");

/** Live workers, by their heartbeats, and dead ones, by the locks of their sessions. */
export class Workers {
  readonly #pool: pg.Pool;
  readonly #windows: Windows;
  readonly #clock: ServerClock;
  readonly #session: Session;
  /** Workers of this process, whose locks this session holds. */
  readonly #mine = new Set<string>();
  /**
   * Workers that claim straight from the backlog, remembered so that a worker dropped from the list can be added again
   * correctly.
   */
  readonly #claiming = new Set<string>();
  /** The server start that this process knows, and when it first saw it. */
  #server = { startedAt: "", seenAt: 0 };

  constructor(pool: pg.Pool, target: Target, windows: Windows, clock: ServerClock) {
    this.#pool = pool;
    this.#windows = windows;
    this.#clock = clock;
    this.#session = new Session(target, "worker", async (client) => {
      for (const id of this.#mine) {
        await client.query(hold([id]));
        await client.query(held([id]));
      }
    });
  }

  /** @param claims its process claims tasks straight from the backlog; permanent once set */
  async heartbeat(record: Heartbeat, claims: boolean): Promise<void> {
    const { id } = record;
    if (record.stopped) {
      this.#mine.delete(id);
      this.#claiming.delete(id);
      await asking(() => this.#pool.query(remove([id])));
      this.#windows.forget();
      return;
    }
    await asking(() => this.#beat(record, claims));
  }

  async #beat(record: Heartbeat, claims: boolean): Promise<void> {
    const { id } = record;
    const isNew = !this.#mine.has(id);
    if (isNew) await this.#windows.register(this.#pool, Object.keys(record.queues));
    const client = await this.#session.client();
    const values = [
      id,
      JSON.stringify(record.queues),
      JSON.stringify(record),
      claims || this.#claiming.has(id),
    ];
    const askedAt = performance.now();
    // The worker becomes visible only once it holds its lock, which belongs to the session and outlives the
    // transaction.
    const [, beaten] = await pipeline(client, () => [
      client.query("BEGIN"),
      client.query<{ claims: boolean; is_new: boolean; now: number }>(beat(values)),
      ...(isNew ? [client.query(hold([id])), client.query(held([id]))] : []),
      client.query("COMMIT"),
    ]);
    this.#clock.told(beaten.rows[0]!.now, askedAt);
    const { claims: claiming, is_new: isAdded } = beaten.rows[0]!;
    if (!isNew && isAdded) {
      // It was removed in the meantime, and now has another number.
      await client.query(hold([id]));
      await client.query(held([id]));
    }
    this.#mine.add(id);
    if (claiming) this.#claiming.add(id);
    if (isAdded) this.#windows.forget();
  }

  async list(): Promise<WorkerRecord[]> {
    const { rows } = await this.#pool.query(list());
    return rows.map(({ record, seen_at: seenAt }) => ({ ...(JSON.parse(record) as Heartbeat), seenAt }));
  }

  /**
   * Dead workers: nobody holds the lock that they hold while alive. Includes those found dead a moment ago, whose last
   * calls may have arrived since.
   */
  async dead(): Promise<string[]> {
    const read = async (query: pg.QueryConfig) =>
      (await asking(() => this.#pool.query(query))).rows.map((row) => row.id as string);
    await asking(() => this.#pool.query(clear()));
    const settled = await this.#hasSettled();
    const missed = await read(vanished([settled]));
    if (missed.length > 0) await pause(DOUBT_MS);
    const still = missed.length > 0 ? new Set(await read(vanished([settled]))) : new Set<string>();
    const found = missed.filter((id) => still.has(id));
    return [...new Set([...found, ...(await read(gone()))])];
  }

  /** Removes workers that have been silent for this long by the server's clock. */
  async dropSilent(silenceMs: number): Promise<string[]> {
    const { rows } = await asking(() => this.#pool.query<{ id: string }>(dropSilent([silenceMs])));
    if (rows.length > 0) this.#windows.forget();
    return rows.map((row) => row.id);
  }

  /** Whether the server has been up long enough for every live process to reconnect. */
  async #hasSettled(): Promise<boolean> {
    const { rows } = await asking(() => this.#pool.query<{ at: string }>(serverStart()));
    const startedAt = rows[0]!.at;
    if (startedAt !== this.#server.startedAt) this.#server = { startedAt, seenAt: performance.now() };
    return performance.now() - this.#server.seenAt > RETURN_MS;
  }

  async markGone(id: string): Promise<void> {
    const { rowCount } = await asking(() => this.#pool.query(mark([id])));
    if (rowCount) this.#windows.forget();
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
