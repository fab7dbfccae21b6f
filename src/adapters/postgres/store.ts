import { randomUUID } from "node:crypto";
import type pg from "pg";
import { MillraceError } from "../../errors.ts";
import type { Store } from "../../ports/store/store.ts";
import { asking, type Target, targetOf } from "./connection.ts";
import { Notifier } from "./notifier.ts";
import { openSchema } from "./schema.ts";
import { statement } from "./statement.ts";
import { Admission } from "./store/admission.ts";
import { announcements } from "./store/announcements.ts";
import { Backlog } from "./store/backlog.ts";
import { Batches } from "./store/batches.ts";
import { Claims } from "./store/claims.ts";
import { ServerClock } from "./store/clock.ts";
import { Drains } from "./store/drains.ts";
import { files } from "./store/files.ts";
import { cancel, claim, create, keepMemo, remove, reopen, settle } from "./store/operations.ts";
import { queueReads } from "./store/queue-reads.ts";
import { reads } from "./store/reads.ts";
import { sweeps } from "./store/sweep.ts";
import type { Committed } from "./store/transaction.ts";
import { Windows } from "./store/windows.ts";
import { Workers } from "./store/workers.ts";

export interface PostgresStoreOptions {
  /** The broker is `openPostgresBroker` of the same URL: transactions write deliveries themselves. */
  publishes: boolean;
  /** Most connections, in addition to the one that shows that a worker is alive. @default 6 */
  connections?: number;
}

const pause = statement(
  "pause",
  "INSERT INTO queues VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
);
const release = statement("release", "DELETE FROM reservations WHERE id = $1");

export interface PostgresStore extends Store {
  /** For a broker that shares the store's database. */
  readonly claims: Claims;
}

/** The records in a schema of a PostgreSQL database (12 or later), shared by any number of processes. */
export async function openPostgresStore(url: string, options: PostgresStoreOptions): Promise<PostgresStore> {
  const target = targetOf(url);
  const clock = new ServerClock();
  const pool = await openSchema(target, "store", options.connections ?? 6, (opened) => clock.ask(opened));
  return build(pool, target, clock, options);
}

function build(
  pool: pg.Pool,
  target: Target,
  clock: ServerClock,
  { publishes }: PostgresStoreOptions,
): PostgresStore {
  const windows = new Windows();
  const backlog = new Backlog(windows, publishes, clock);
  const drains = new Drains(pool, clock, randomUUID());
  const admission = new Admission(pool, drains, windows);
  const workers = new Workers(pool, target, windows, clock);
  const notifier = new Notifier(pool);
  const announce = announcements(notifier, target, publishes);
  let onAppended = (_owners: readonly string[]) => {};
  let closing: Promise<void> | null = null;

  const claims = new Claims({
    clock,
    windows,
    nudge: () => batches.nudge(),
    settle: (command) => batches.run(settle(command)),
  });
  const batches: Batches = new Batches({
    pool,
    windows,
    backlog,
    clock,
    publishes,
    along: () => claims.wishes(),
    onCommitted({ ledger, filled }: Committed) {
      announce.committed(ledger, filled);
      if (ledger.events.length > 0) onAppended([...new Set(ledger.events.map((event) => event.job.owner))]);
      drains.count(ledger.ended);
      admission.count(ledger);
    },
  });
  const sweeping = sweeps({ pool, batches, windows, backlog, drains, workers });

  return {
    ...reads(pool),
    ...queueReads(pool, drains, clock),
    ...files(pool, clock),
    name: "postgres",
    publishes,
    claims,
    onAppended(handler) {
      onAppended = handler;
    },
    now: () => clock.now(),

    createJob: (command) => batches.run(create(command)),
    cancelJob: (command) => batches.run(cancel(command)),
    reopenJob: (command) => batches.run(reopen(command)),
    removeJob: (command) => batches.run(remove(command)),
    claim: (command) => batches.run(claim(command)),
    settle(command) {
      const settled = batches.run(settle(command));
      claims.ended(command.lease);
      return settled;
    },
    remember: (command) => batches.run(keepMemo(command)),
    reserve: (command) => admission.reserve(command),
    async release({ id }) {
      await asking(() => pool.query(release([id])));
    },
    sweep: (command) => announce.filled(sweeping.sweep(command)),
    workerGone: (command) => announce.filled(sweeping.workerGone(command)),
    expire: (command) => sweeping.expire(command),
    heartbeat: (record) => workers.heartbeat(record, claims.inUse),
    workers: () => asking(() => workers.list()),
    setPaused({ queue, paused }) {
      const change = async () => {
        await asking(() => pool.query(pause([queue, paused])));
        return { deliveries: paused ? [] : await sweeping.fill() };
      };
      windows.forget();
      return announce.filled(change()).finally(() => {
        windows.forget();
        if (!paused) announce.resumed(queue);
      });
    },

    async health() {
      if (closing) throw new MillraceError("closed", "The connection to PostgreSQL is closed.");
      await asking(() => pool.query("SELECT 1"));
    },
    close() {
      closing ??= (async () => {
        claims.close();
        await batches.close();
        await drains.flush();
        await notifier.idle();
        await workers.close();
        await pool.end();
      })();
      return closing;
    },
  };
}
