import type pg from "pg";
import { KEPT_ATTEMPTS } from "../../../domain/attempts.ts";
import type { TaskDelivery } from "../../../domain/records.ts";
import { publishDeliveries } from "../broker/deliveries.ts";
import { statement } from "../statement.ts";
import { type Cell, columns, eventColumns, jobRow, newJobRow, newTaskRow, taskRow } from "./columns.ts";
import type { PostgresLedger } from "./ledger.ts";
import { noticeQueries } from "./notices.ts";
import type { Records } from "./records.ts";

/** A parameter of JSON texts, one per line: far cheaper to write and to parse than an array. */
const lines = (parameter: number) => `string_to_array($${parameter}, E'\\n')`;

const insertJobs = statement(
  "insert_jobs",
  `INSERT INTO jobs SELECT id, owner, pipeline, state, finished_at, expires_at, spec::json, progress::json
   FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
     ${lines(7)}, ${lines(8)})
   AS u (id, owner, pipeline, state, finished_at, expires_at, spec, progress)`,
);
const updateJobs = statement(
  "update_jobs",
  `UPDATE jobs SET state = u.state, finished_at = u.finished_at, expires_at = u.expires_at,
     progress = u.progress::json
   FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], ${lines(5)})
   AS u (id, state, finished_at, expires_at, progress) WHERE jobs.id = u.id`,
);
const insertTasks = statement(
  "insert_tasks",
  `INSERT INTO tasks (job_id, item, owner, queue, priority, state, generation, wake_at, worker, lease, body, split,
     part, dead_part)
   SELECT job_id, item, owner, queue, priority, state, generation, wake_at, worker, lease, body::json,
     nullif(split, '')::json, nullif(part, '')::json, item < -1 AND state = 'dead'
   FROM unnest($1::uuid[], $2::int[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::int[], $8::bigint[],
     $9::text[], $10::text[], ${lines(11)}, ${lines(12)}, ${lines(13)})
   AS u (job_id, item, queue, priority, state, owner, generation, wake_at, worker, lease, body, split, part)`,
);
const updateTasks = statement(
  "update_tasks",
  `UPDATE tasks SET queue = u.queue, priority = u.priority, state = u.state, generation = u.generation,
     wake_at = u.wake_at, worker = u.worker, lease = u.lease, body = u.body::json, split = nullif(u.split, '')::json,
     dead_part = u.item < -1 AND u.state = 'dead'
   FROM unnest($1::uuid[], $2::int[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::int[], $8::bigint[],
     $9::text[], $10::text[], ${lines(11)}, ${lines(12)})
   AS u (job_id, item, queue, priority, state, owner, generation, wake_at, worker, lease, body, split)
   WHERE tasks.job_id = u.job_id AND tasks.item = u.item`,
);
const dropJobs = [
  statement("drop_tasks", "DELETE FROM tasks WHERE job_id = ANY($1::uuid[])"),
  statement("drop_memos", "DELETE FROM memos WHERE job_id = ANY($1::uuid[])"),
  statement("drop_jobs", "DELETE FROM jobs WHERE id = ANY($1::uuid[])"),
  statement(
    "scrub_events",
    `UPDATE events SET data = CASE WHEN first_seq IS NULL
       THEN json_build_object('jobId', job_id, 'progress', data -> 'progress', 'forgotten', true)
       ELSE (SELECT json_agg(json_build_array(e -> 0, e -> 1, json_build_object(
           'jobId', job_id, 'progress', e #> '{2,progress}', 'forgotten', true)) ORDER BY n)
         FROM json_array_elements(data) WITH ORDINALITY AS run (e, n)) END
     WHERE job_id = ANY($1::uuid[])`,
  ),
];
const dropMemos = statement(
  "drop_step_memos",
  `DELETE FROM memos WHERE (job_id, item, step) IN
     (SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[]))`,
);
const dropRefs = statement("drop_refs", "DELETE FROM job_blobs WHERE job_id = ANY($1::uuid[])");
const dropRef = statement(
  "drop_ref",
  `DELETE FROM job_blobs USING unnest($1::uuid[], $2::text[]) AS u (job_id, blob)
   WHERE job_blobs.job_id = u.job_id AND job_blobs.blob = u.blob`,
);
const dropCache = statement(
  "drop_cache",
  `DELETE FROM cache WHERE key IN (
     SELECT key FROM cache WHERE job_id = ANY($1::uuid[]) ORDER BY key FOR UPDATE)`,
);
const insertRefs = statement(
  "insert_refs",
  "INSERT INTO job_blobs SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING",
);
const changeBlobs = statement(
  "change_blobs",
  `UPDATE blobs SET referenced = referenced OR u.refer, pins = greatest(0, pins - u.unpin),
     pinned_until = CASE WHEN u.unpin > 0 AND pins <= u.unpin THEN 0 ELSE pinned_until END
   FROM unnest($1::text[], $2::boolean[], $3::int[]) AS u (key, refer, unpin) WHERE blobs.key = u.key`,
);
const releaseBlobs = statement(
  "release_blobs",
  `UPDATE blobs SET referenced = false WHERE key = ANY($1::text[]) AND referenced
   AND NOT EXISTS (SELECT FROM job_blobs WHERE job_blobs.blob = blobs.key)`,
);
const putCache = statement(
  "put_cache",
  `INSERT INTO cache (key, job_id, name, outputs, result, warnings, result_file)
   SELECT key, job_id, name, outputs::json, result::json, warnings::json, result_file::json
   FROM unnest($1::text[], $2::uuid[], $3::text[], ${lines(4)}, ${lines(5)}, ${lines(6)}, ${lines(7)})
   AS u (key, job_id, name, outputs, result, warnings, result_file) ORDER BY key
   ON CONFLICT (key) DO UPDATE SET job_id = excluded.job_id, outputs = excluded.outputs, result = excluded.result,
     warnings = excluded.warnings, name = excluded.name, result_file = excluded.result_file`,
);
const putMemos = statement(
  "put_memos",
  `INSERT INTO memos SELECT job_id, item, step, key, value::json, blob
   FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], ${lines(6)})
   AS u (job_id, item, step, key, blob, value) ON CONFLICT DO NOTHING`,
);
/** Ignores the new ones when it counts and drops old ones. */
const putAttempts = statement(
  "put_attempts",
  `WITH u AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], ${lines(4)}) AS u (job_id, item, generation, body)),
   added AS (INSERT INTO attempts SELECT job_id, item, generation, body::json FROM u ON CONFLICT DO NOTHING)
   DELETE FROM attempts AS a USING u WHERE a.job_id = u.job_id AND a.item = u.item AND a.generation <= (
     SELECT generation FROM attempts AS one WHERE one.job_id = u.job_id AND one.item = u.item
     ORDER BY generation DESC LIMIT 1 OFFSET ${KEPT_ATTEMPTS - 1})`,
);
// Replaces only keys that this transaction has seen to be void; a key that another took meanwhile is a conflict.
const dropKeys = statement(
  "drop_keys",
  `DELETE FROM idempotency AS i USING unnest($1::text[], $2::text[], $3::uuid[]) AS u (owner, key, job_id)
   WHERE i.owner = u.owner AND i.key = u.key AND i.job_id = u.job_id`,
);
const saveKeys = statement(
  "save_keys",
  "INSERT INTO idempotency SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[])",
);
const useReservations = statement("use_reservations", "DELETE FROM reservations WHERE id = ANY($1::text[])");
/** Numbers events under the last lock before the commit, so that a log grows in commit order. */
const appendEvents = statement(
  "append_events",
  `WITH counted AS (
     INSERT INTO owners AS o SELECT owner, n FROM unnest($1::text[], $2::bigint[]) AS u (owner, n)
     ORDER BY owner COLLATE "C"
     ON CONFLICT (owner) DO UPDATE SET last_seq = o.last_seq + excluded.last_seq
     RETURNING o.owner, o.last_seq
   )
   INSERT INTO events (owner, seq, first_seq, job_id, at, data)
   SELECT e.owner, counted.last_seq - e.back, counted.last_seq - e.back - e.n + 1, e.job_id, e.at, e.data::json
   FROM unnest($3::text[], $4::bigint[], $5::int[], $6::uuid[], $7::bigint[], ${lines(8)})
     AS e (owner, back, n, job_id, at, data) JOIN counted ON counted.owner = e.owner`,
);

/** Writes everything that a pass changed, except its events. */
export function write(
  client: pg.ClientBase,
  ledger: PostgresLedger,
  loaded: Records,
  publishes: boolean,
): Promise<unknown>[] {
  const sent: Promise<unknown>[] = [];
  const run = (query: pg.QueryConfig) => {
    sent.push(client.query(query));
  };
  const jobs = [...ledger.dirtyJobs];
  const made = jobs.filter((one) => one.isNew).map((one) => one.record);
  const changed = jobs.filter((one) => !one.isNew).map((one) => one.record);
  if (made.length > 0) run(insertJobs(columns(made.map(newJobRow), 2)));
  if (changed.length > 0) run(updateJobs(columns(changed.map(jobRow), 1)));
  const tasks = [...ledger.dirtyTasks];
  const added = tasks.filter((one) => one.isNew);
  const moved = tasks.filter((one) => !one.isNew);
  if (added.length > 0) run(insertTasks(columns(added.map(newTaskRow), 3)));
  if (moved.length > 0) run(updateTasks(columns(moved.map(taskRow), 2)));

  const dropped = [...ledger.droppedJobs];
  const withoutFiles = [...ledger.droppedFiles];
  if (withoutFiles.length > 0) {
    run(dropRefs([withoutFiles]));
    run(dropCache([withoutFiles]));
  }
  if (ledger.droppedMemos.length > 0) run(dropMemos(columns(ledger.droppedMemos)));
  if (dropped.length > 0) for (const drop of dropJobs) run(drop([dropped]));
  const refs = [...ledger.refs.values()];
  if (refs.length > 0) run(insertRefs([refs.map((one) => one.jobId), refs.map((one) => one.blob)]));
  const blobs = [...new Set(ledger.unpinned.keys()).union(ledger.referred)].filter(
    (key) => ledger.unpinned.has(key) || loaded.blobs.get(key)?.referenced === false,
  );
  if (blobs.length > 0) {
    const unpins = blobs.map((key) => ledger.unpinned.get(key) ?? 0);
    run(changeBlobs([blobs, blobs.map((key) => ledger.referred.has(key)), unpins]));
  }
  const unreferred = [...ledger.unreferred.values()];
  if (unreferred.length > 0) run(dropRef(columns(unreferred.map(({ jobId, blob }) => [jobId, blob]))));
  if (withoutFiles.length > 0) run(releaseBlobs([[...loaded.blobs.keys()]]));
  else if (unreferred.length > 0) run(releaseBlobs([unreferred.map(({ blob }) => blob)]));
  const puts = [...ledger.puts.values()];
  if (puts.length > 0) {
    const rows = puts.map((one) => [
      one.key,
      one.jobId,
      one.name,
      JSON.stringify(one.outputs),
      JSON.stringify(one.result),
      JSON.stringify(one.warnings),
      JSON.stringify(one.resultFile),
    ]);
    run(putCache(columns(rows, 4)));
  }
  const memos = [...ledger.memos.values()];
  if (memos.length > 0) {
    const rows = memos.map((one) => [
      one.jobId,
      one.item,
      one.step,
      one.key,
      one.blob,
      JSON.stringify(one.value),
    ]);
    run(putMemos(columns(rows, 1)));
  }
  if (ledger.attempts.length > 0) {
    const rows = ledger.attempts.map(({ jobId, item, generation, ...body }): Cell[] => {
      return [jobId, item, generation, JSON.stringify(body)];
    });
    run(putAttempts(columns(rows, 1)));
  }
  // Sorted, because an insert waits for a concurrent one of the same key, and different orders could deadlock.
  const keys = [...ledger.keys].sort(([a], [b]) => (a < b ? -1 : 1));
  const former = keys.map(([key]) => loaded.keys.get(key)).filter((row) => row != null);
  if (former.length > 0) run(dropKeys(columns(former.map((row) => [row.owner, row.key, row.job_id]))));
  if (keys.length > 0) {
    const rows = keys.map(([, one]) => [one.owner, one.key, one.fingerprint, one.job_id, one.expires_at]);
    run(saveKeys(columns(rows)));
  }
  if (ledger.reservations.size > 0) run(useReservations([[...ledger.reservations]]));
  if (publishes && ledger.handed.length > 0) run(publishDeliveries(asMessages(ledger.handed)));
  return sent;
}

/** The last write of a transaction: others wait for the owners' counters until its commit. */
export function writeEvents(client: pg.ClientBase, ledger: PostgresLedger): Promise<unknown>[] {
  if (ledger.events.length === 0) return [];
  const queries = [...noticeQueries(ledger), appendEvents(eventColumns(ledger))];
  return queries.map((query) => client.query(query));
}

export function asMessages(deliveries: readonly TaskDelivery[]) {
  return deliveries.map(({ taskId, queue, generation }) => ({
    queue,
    id: `${taskId}/${generation}`,
    payload: JSON.stringify({ taskId, generation }),
  }));
}
