import type pg from "pg";
import { partNumbers } from "../../../domain/parts.ts";
import type { JobRow } from "../../../domain/stored.ts";
import { statement } from "../statement.ts";
import { claimed, next } from "./backlog.ts";
import { SERVER_NOW, type ServerClock } from "./clock.ts";
import { type KeyRow, keyOf, type Needs, type Records } from "./records.ts";
import type { BlobRow, CacheRow, TaskRow } from "./rows.ts";

const jobs = statement("lock_jobs", "SELECT * FROM jobs WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE");
const tasks = statement(
  "tasks",
  `SELECT t.* FROM unnest($1::uuid[], $2::int[]) AS u (job_id, item)
   JOIN tasks t ON t.job_id = u.job_id AND t.item = u.item`,
);
const lockedTasks = statement(
  "lock_tasks",
  `SELECT t.* FROM unnest($1::uuid[], $2::int[]) AS u (job_id, item)
   JOIN tasks t ON t.job_id = u.job_id AND t.item = u.item
   ORDER BY t.job_id, t.item FOR NO KEY UPDATE OF t`,
);
/** All tasks except parts. */
const whole = statement("job_tasks", "SELECT * FROM tasks WHERE job_id = ANY($1::uuid[]) AND item >= -1");
const parts = statement(
  "parts",
  "SELECT * FROM tasks WHERE job_id = $1 AND item BETWEEN $2 AND $3 AND state = ANY($4::text[])",
);
const cache = statement("cache", "SELECT * FROM cache WHERE key = ANY($1::text[])");
/**
 * The only statement that locks blobs in a transaction: in key order, and for update at once. Strengthening a lock
 * later, or taking two sets one after the other, could deadlock.
 */
const blobs = statement(
  "lock_blobs",
  `SELECT * FROM blobs WHERE key IN (
     SELECT unnest($1::text[])
     UNION SELECT blob FROM job_blobs WHERE job_id = ANY($2::uuid[])
   ) ORDER BY key FOR NO KEY UPDATE`,
);
const keys = statement(
  "keys",
  `SELECT k.* FROM unnest($1::text[], $2::text[]) AS u (owner, key)
   JOIN idempotency k ON k.owner = u.owner AND k.key = u.key`,
);
const deaths = statement(
  "deaths",
  "SELECT id FROM workers WHERE id = ANY($1::text[]) AND gone_at IS NOT NULL",
);
const time = statement("server_now", `SELECT ${SERVER_NOW} AS now`);
/**
 * Locks waiting tasks, and reports which jobs they need. It locks backlog tasks before their jobs. That is safe because
 * a transaction that holds a job never waits for them, except to cancel the job; one of the two then retries.
 * @param repeated an earlier try may already have claimed some
 */
export function pick(
  client: pg.ClientBase,
  needs: Needs,
  into: Records,
  repeated: boolean,
): Promise<unknown>[] {
  return needs.picks.map(async (wish) => {
    const { queue, limit, after, worker, token } = wish;
    const mine = repeated ? (await client.query<TaskKeyRow>(claimed([queue, worker, token]))).rows : [];
    for (const { job_id, item } of mine) needs.task(job_id, item);
    const { rows: found } =
      mine.length > 0 ? { rows: [] } : await client.query<NextRow>(next([queue, limit, after]));
    const rows = found.filter((row) => row.job_id !== null);
    for (const row of rows) into.tasksOf(row.job_id).set(row.item, row);
    for (const { job_id } of [...mine, ...rows]) needs.jobs.add(job_id);
    into.picked.set(wish, {
      taskKeys: [...mine, ...rows].map((row) => ({ jobId: row.job_id, item: row.item, owner: row.owner })),
      more: mine.length > 0 || rows.some((row) => row.more),
      locked: found.length > rows.length,
    });
  });
}

type TaskKeyRow = Pick<TaskRow, "job_id" | "item" | "owner">;
type NextRow = TaskRow & { more: boolean };

/** Reads the server's time, which the transaction uses; until the next reading, other callers use it too. */
export async function readTime(client: pg.ClientBase, clock: ServerClock, into: Records): Promise<void> {
  const askedAt = performance.now();
  const { rows } = await client.query<{ now: number }>(time());
  into.serverNow = Math.round(rows[0]!.now);
  clock.told(rows[0]!.now, askedAt);
}

/** Sends all queries at once; their results are in `into` once all have settled. Jobs come first. */
export function load(client: pg.ClientBase, needs: Needs, into: Records): Promise<unknown>[] {
  const sent: Promise<unknown>[] = [];
  const ask = <Row>(query: pg.QueryConfig, keep: (rows: Row[]) => void) => {
    sent.push(client.query(query).then(({ rows }) => keep(rows as Row[])));
  };
  if (needs.jobs.size > 0) {
    for (const id of needs.jobs) into.jobs.set(id, null);
    ask<JobRow>(jobs([[...needs.jobs]]), (rows) => {
      for (const row of rows) into.jobs.set(row.id, row);
    });
  }
  const keepTasks = (rows: TaskRow[]) => {
    for (const row of rows) into.tasksOf(row.job_id).set(row.item, row);
  };
  for (const [pairs, query] of [
    [needs.lockedTasks, lockedTasks],
    [needs.tasks, tasks],
  ] as const) {
    if (pairs.size === 0) continue;
    const list = [...pairs.values()];
    for (const { jobId, item } of list) into.tasksOf(jobId).set(item, null);
    ask<TaskRow>(query([list.map((one) => one.jobId), list.map((one) => one.item)]), keepTasks);
  }
  if (needs.whole.size > 0) {
    for (const id of needs.whole) into.whole.add(id);
    ask<TaskRow>(whole([[...needs.whole]]), keepTasks);
  }
  for (const [key, { jobId, item, states }] of needs.parts) {
    into.parts.add(key);
    ask<TaskRow>(parts([jobId, ...partNumbers(item), states]), keepTasks);
  }
  if (needs.cache.size > 0) {
    for (const key of needs.cache) into.cache.set(key, null);
    ask<CacheRow>(cache([[...needs.cache]]), (rows) => {
      for (const row of rows) into.cache.set(row.key, row);
    });
  }
  if (needs.keys.size > 0) {
    const list = [...needs.keys.values()];
    for (const { owner, key } of list) into.keys.set(keyOf(owner, key), null);
    ask<KeyRow>(keys([list.map((one) => one.owner), list.map((one) => one.key)]), (rows) => {
      for (const row of rows) into.keys.set(keyOf(row.owner, row.key), row);
    });
  }
  if (needs.workers.size > 0) {
    for (const id of needs.workers) into.deaths.set(id, false);
    ask<{ id: string }>(deaths([[...needs.workers]]), (rows) => {
      for (const { id } of rows) into.deaths.set(id, true);
    });
  }
  if (needs.blobs.size + needs.drops.size > 0) {
    for (const key of needs.blobs) into.blobs.set(key, null);
    ask<BlobRow>(blobs([[...needs.blobs], [...needs.drops]]), (rows) => {
      for (const row of rows) into.blobs.set(row.key, row);
    });
  }
  return sent;
}
