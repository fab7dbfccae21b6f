import type pg from "pg";
import type { TaskDelivery } from "../../../domain/records.ts";
import type { Sweep } from "../../../ports/store/tasks.ts";
import { asking } from "../connection.ts";
import { statement } from "../statement.ts";
import type { Backlog } from "./backlog.ts";
import type { Batches } from "./batches.ts";
import type { Drains } from "./drains.ts";
import { logTrimmer } from "./event-log.ts";
import { expire, forget, loseLeases, type TaskKey, wakeTasks } from "./operations.ts";
import type { Windows } from "./windows.ts";
import type { Workers } from "./workers.ts";

/** Tasks per transaction of a sweep, which holds the locks of their jobs. */
const CHUNK = 100;
const TIDY_MS = 10_000;
/** Rounds of filling: each gives every waiting owner a share. */
const MAX_ROUNDS = 20;

const due = statement(
  "due_tasks",
  `SELECT found.job_id, found.item FROM queues q
   CROSS JOIN unnest(ARRAY['scheduled', 'published', 'leased']) AS s (state)
   CROSS JOIN LATERAL (
     SELECT t.job_id, t.item FROM tasks t
     WHERE t.queue = q.name AND t.state = s.state AND t.wake_at IS NOT NULL AND t.wake_at <= $1
     ORDER BY t.wake_at LIMIT $2
   ) AS found LIMIT $2`,
);
const held = statement(
  "held_tasks",
  `SELECT t.job_id, t.item FROM queues q JOIN tasks t
   ON t.queue = q.name AND t.state = 'leased' AND t.wake_at IS NOT NULL WHERE t.worker = $1`,
);
const tidy = [
  statement("drop_reservations", "DELETE FROM reservations WHERE expires_at <= $1"),
  statement("drop_idempotency", "DELETE FROM idempotency WHERE expires_at <= $1"),
];
const dropDrains = statement("drop_drains", "DELETE FROM drains WHERE slice < $1");
const dueJobs = statement(
  "due_jobs",
  "SELECT id FROM jobs WHERE expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
);
const forgettable = statement(
  "forgettable",
  "SELECT id FROM jobs WHERE state = 'expired' AND finished_at <= $1 ORDER BY finished_at LIMIT $2",
);

interface Parts {
  pool: pg.Pool;
  batches: Batches;
  windows: Windows;
  backlog: Backlog;
  drains: Drains;
  workers: Workers;
}

interface Row {
  job_id: string;
  item: number;
}

/** The schedulers' calls. Several may run at once: what one has changed is no longer due for the others. */
export function sweeps({ pool, batches, windows, backlog, drains, workers }: Parts) {
  const trimNext = logTrimmer(pool);
  let tidiedAt = 0;

  const taskKeys = async (query: pg.QueryConfig): Promise<TaskKey[]> => {
    const { rows } = await asking(() => pool.query<Row>(query));
    return rows.map((row) => ({ jobId: row.job_id, item: row.item }));
  };

  async function fill(): Promise<TaskDelivery[]> {
    const filled: TaskDelivery[] = [];
    await asking(() => windows.read(pool));
    const client = await asking(() => pool.connect());
    let failed = true;
    try {
      for (const queue of windows.names()) {
        for (let round = 0; round < MAX_ROUNDS && windows.roomForBacklog(queue) > 0; round++) {
          const moved = await asking(() => backlog.fill(client, queue));
          filled.push(...moved);
          if (moved.length === 0) break;
        }
      }
      failed = false;
    } finally {
      client.release(failed);
    }
    return filled;
  }

  /** Runs a worker's tasks again. */
  async function loseWorker(worker: string, died: boolean, now: number): Promise<TaskDelivery[]> {
    if (died) await workers.markGone(worker);
    const lost = await taskKeys(held([worker]));
    const outcomes = await Promise.all(
      chunks(lost).map((some) => batches.run(loseLeases(worker, some, died, now))),
    );
    return outcomes.flatMap((one) => one.deliveries);
  }

  async function clear(now: number): Promise<void> {
    if (performance.now() - tidiedAt < TIDY_MS && tidiedAt > 0) return;
    tidiedAt = performance.now();
    for (const drop of tidy) await asking(() => pool.query(drop([now])));
    await asking(() => pool.query(dropDrains([drains.firstSlice() - 1])));
  }

  return {
    async sweep({ now, limit, silenceMs }: Sweep) {
      const deliveries: TaskDelivery[] = [];
      for (const worker of await workers.dead()) deliveries.push(...(await loseWorker(worker, true, now)));
      for (const worker of await workers.dropSilent(silenceMs)) {
        deliveries.push(...(await loseWorker(worker, false, now)));
      }
      const found = await taskKeys(due([now, limit]));
      const outcomes = await Promise.all(chunks(found).map((some) => batches.run(wakeTasks(some, now))));
      for (const one of outcomes) deliveries.push(...one.deliveries);
      deliveries.push(...(await fill()));
      await clear(now);
      const revoked = outcomes.flatMap((one) => one.revoked);
      return { deliveries, revoked, more: found.length === limit };
    },

    fill,

    workerGone: async ({ worker, now }: { worker: string; now: number }) => ({
      deliveries: await loseWorker(worker, true, now),
    }),

    async expire({ now, limit, forgetBefore }: { now: number; limit: number; forgetBefore: number }) {
      const ids = async (query: pg.QueryConfig) =>
        (await asking(() => pool.query<{ id: string }>(query))).rows.map((row) => row.id);
      const late = await ids(dueJobs([now, limit]));
      const expired = await Promise.all(late.map((id) => batches.run(expire(id, now))));
      const old = await ids(forgettable([forgetBefore, limit]));
      await Promise.all(old.map((id) => batches.run(forget(id, now))));
      await trimNext(forgetBefore);
      return {
        expired: expired.filter(Boolean).length,
        more: late.length === limit || old.length === limit,
      };
    },
  };
}

function chunks(taskKeys: TaskKey[]): TaskKey[][] {
  // Keeps tasks of one job together, so that its lock is taken once.
  const sorted = taskKeys.toSorted((a, b) =>
    a.jobId < b.jobId ? -1 : a.jobId > b.jobId ? 1 : a.item - b.item,
  );
  const parts: TaskKey[][] = [];
  for (let from = 0; from < sorted.length; from += CHUNK) parts.push(sorted.slice(from, from + CHUNK));
  return parts;
}
