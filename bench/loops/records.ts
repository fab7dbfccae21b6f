import pg from "pg";
import { newId } from "../../src/domain/ids.ts";
import { grouped } from "../grouped.ts";
import type { JobData, OnJob } from "../peers/peer.ts";

/** What goes through the broker. */
export interface Reference {
  jobId: string;
  item: number;
  data: JobData;
}

/** A hand-written job store that writes the same rows as Millrace for a job of one no-op step. */
export interface Records {
  /** Creates one job with a task for each entry. Resolves when it is on disk. */
  create(items: JobData[]): Promise<Reference[]>;
  /** Claims, runs, and settles. Resolves when the result is on disk. */
  run(task: Reference, onJob: OnJob): Promise<void>;
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

const OWNER = "local";
const LEASE_MS = 10_000;

/** Millrace's tables and indexes that such a job touches. */
const SCHEMA = `
  CREATE TABLE jobs (id uuid PRIMARY KEY, owner text COLLATE "C" NOT NULL, state text NOT NULL, finished_at bigint,
    remaining integer NOT NULL, spec json NOT NULL, progress json NOT NULL) WITH (fillfactor = 80);
  CREATE INDEX jobs_by_owner ON jobs (owner, id);
  CREATE INDEX jobs_live ON jobs (owner, id) WHERE finished_at IS NULL;
  CREATE TABLE tasks (job_id uuid NOT NULL, item integer NOT NULL, state text NOT NULL, wake_at bigint, worker text,
    lease text, body json NOT NULL, PRIMARY KEY (job_id, item)) WITH (fillfactor = 70);
  CREATE INDEX tasks_live ON tasks (state, wake_at) WHERE wake_at IS NOT NULL;
  CREATE TABLE owners (owner text COLLATE "C" PRIMARY KEY, last_seq bigint NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE events (owner text COLLATE "C" NOT NULL, seq bigint NOT NULL, first_seq bigint NOT NULL,
    job_id uuid NOT NULL, at bigint NOT NULL, data json NOT NULL, PRIMARY KEY (owner, seq));
  CREATE INDEX events_by_job ON events (job_id, seq);`;

/** One row per job, numbered without gaps for each owner, because clients read the log from a given number on. */
const APPEND = `
  counted AS (
    INSERT INTO owners AS o SELECT '${OWNER}', count(*) FROM news HAVING count(*) > 0
    ON CONFLICT (owner) DO UPDATE SET last_seq = o.last_seq + excluded.last_seq RETURNING last_seq
  ), grouped AS (
    SELECT job_id, count(*) AS n, json_agg(json_build_array(type, $1::bigint, data)) AS data FROM news GROUP BY job_id
  ), runs AS (
    SELECT *, (sum(n) OVER (ORDER BY job_id) - sum(n) OVER ())::bigint AS place FROM grouped
  ), appended AS (
    INSERT INTO events SELECT '${OWNER}', last_seq + place, last_seq + place - n + 1, job_id, $1::bigint, data
    FROM runs, counted
  )`;

/** Jobs $2 with $3 items, $4 and $5; tasks $6, $7 with bodies $8; an event with data $9 for each job. */
const CREATE = `
  WITH made AS (
    INSERT INTO jobs SELECT id, '${OWNER}', 'queued', NULL, items, spec, progress
    FROM unnest($2::uuid[], $3::int[], $4::json[], $5::json[]) AS u (id, items, spec, progress)
  ), added AS (
    INSERT INTO tasks SELECT job_id, item, 'published', $1::bigint + ${LEASE_MS}, NULL, NULL, body
    FROM unnest($6::uuid[], $7::int[], $8::json[]) AS u (job_id, item, body)
  ), news AS (
    SELECT job_id, 'job.created' AS type, data FROM unnest($2::uuid[], $9::json[]) AS u (job_id, data)
  ), ${APPEND}
  SELECT 1`;

/** Tasks $2, $3 with bodies $4 and events $5, for the worker $6. Returns no rows for tasks that another worker has. */
const CLAIM = `
  WITH asked AS (
    SELECT * FROM unnest($2::uuid[], $3::int[], $4::json[], $5::json[]) AS u (job_id, item, body, data)
  ), claimed AS (
    UPDATE tasks AS t SET state = 'leased', wake_at = $1::bigint + ${LEASE_MS}, worker = $6, lease = gen_random_uuid(),
      body = a.body
    FROM asked AS a WHERE t.job_id = a.job_id AND t.item = a.item AND t.state = 'published'
    RETURNING t.job_id, t.item, a.data
  ), begun AS (
    UPDATE jobs SET state = 'running', progress = json_build_object('startedAt', $1::bigint)
    FROM (SELECT DISTINCT job_id FROM claimed) AS c WHERE id = c.job_id AND state = 'queued' RETURNING id, progress
  ), news AS (
    SELECT id AS job_id, 'job.started' AS type, progress AS data FROM begun
    UNION ALL SELECT job_id, 'item.started', data FROM claimed
  ), ${APPEND}
  SELECT job_id, item FROM claimed`;

/** Tasks $2, $3 of the worker $6 with bodies $4 and events $5; a job's last task ends it. */
const SETTLE = `
  WITH asked AS (
    SELECT * FROM unnest($2::uuid[], $3::int[], $4::json[], $5::json[]) AS u (job_id, item, body, data)
  ), settled AS (
    UPDATE tasks AS t SET state = 'succeeded', wake_at = NULL, worker = NULL, lease = NULL, body = a.body
    FROM asked AS a WHERE t.job_id = a.job_id AND t.item = a.item AND t.state = 'leased' AND t.worker = $6
    RETURNING t.job_id, t.item, a.data
  ), counted_down AS (
    UPDATE jobs SET remaining = remaining - n,
      state = CASE WHEN remaining = n THEN 'succeeded' ELSE state END,
      finished_at = CASE WHEN remaining = n THEN $1::bigint END,
      progress = json_build_object('remaining', remaining - n, 'at', $1::bigint)
    FROM (SELECT job_id, count(*)::int AS n FROM settled GROUP BY job_id) AS s WHERE id = s.job_id
    RETURNING id, remaining, progress
  ), news AS (
    SELECT job_id, 'item.succeeded' AS type, data FROM settled
    UNION ALL SELECT id, 'job.succeeded', progress FROM counted_down WHERE remaining = 0
  ), ${APPEND}
  SELECT 1`;

interface Change extends Reference {
  kind: "claim" | "settle";
}

/**
 * One connection per process, one transaction at a time. Requests that arrive meanwhile share the next
 * transaction: one statement for all claims, and one for all settlements.
 */
export async function openRecords(connectionString: string): Promise<Records> {
  // Sends all statements of a transaction in one go.
  const client = new pg.Client({
    connectionString,
    options: "-c enable_seqscan=off -c jit=off",
    pipeline: true,
  });
  client.on("error", () => {});
  await client.connect();
  if ((await client.query("SELECT to_regclass('jobs') AS found")).rows[0].found === null)
    await client.query(SCHEMA);
  const worker = String(process.pid);

  const insert = grouped(async (batch: { id: string; items: JobData[] }[]) => {
    const tasks = batch.flatMap(({ id, items }) => items.map((data, item) => ({ id, item, data })));
    const values = [
      Date.now(),
      batch.map(({ id }) => id),
      batch.map(({ items }) => items.length),
      batch.map(({ items }) => JSON.stringify({ pipeline: "bench.noop", options: items[0], plan: [] })),
      batch.map(({ items }) => JSON.stringify({ remaining: items.length, done: 0 })),
      tasks.map(({ id }) => id),
      tasks.map(({ item }) => item),
      tasks.map(({ data }) => JSON.stringify({ attempt: 0, data })),
      batch.map(({ id, items }) => JSON.stringify({ jobId: id, state: "queued", total: items.length })),
    ];
    await client.query({ name: "create", text: CREATE, values });
    return batch.map(() => undefined);
  });

  const change = grouped(async (batch: Change[]) => {
    const claims = batch.filter(({ kind }) => kind === "claim");
    const settlements = batch.filter(({ kind }) => kind === "settle");
    const [, claimed] = await Promise.all([
      client.query("BEGIN"),
      claims.length > 0 ? client.query<{ job_id: string; item: number }>(claim(claims, worker)) : null,
      settlements.length > 0 ? client.query(settle(settlements, worker)) : null,
      client.query("COMMIT"),
    ]);
    const taken = new Set(claimed?.rows.map((row) => `${row.job_id}.${row.item}`));
    return batch.map((one) => one.kind === "settle" || taken.has(`${one.jobId}.${one.item}`));
  });

  return {
    async create(items) {
      const id = newId();
      await insert({ id, items });
      return items.map((data, item) => ({ jobId: id, item, data }));
    },
    async run(task, onJob) {
      if (!(await change({ ...task, kind: "claim" }))) return;
      await onJob(task.data);
      await change({ ...task, kind: "settle" });
    },
    async unfinished() {
      const text = "SELECT count(*)::int AS n FROM tasks WHERE wake_at IS NOT NULL";
      return (await client.query<{ n: number }>(text)).rows[0]!.n;
    },
    close: () => client.end(),
  };
}

function claim(tasks: Change[], worker: string): pg.QueryConfig {
  const values = [...rows(tasks, { attempt: 1, startedAt: Date.now() }, "running"), worker];
  return { name: "claim", text: CLAIM, values };
}

function settle(tasks: Change[], worker: string): pg.QueryConfig {
  const body = { attempt: 1, finishedAt: Date.now(), trail: [{ step: "run", attempt: 1, ms: 0 }] };
  const values = [...rows(tasks, body, "succeeded"), worker];
  return { name: "settle", text: SETTLE, values };
}

function rows(tasks: Change[], body: object, state: string): unknown[] {
  const text = JSON.stringify(body);
  return [
    Date.now(),
    tasks.map(({ jobId }) => jobId),
    tasks.map(({ item }) => item),
    tasks.map(() => text),
    tasks.map(({ jobId, item }) => JSON.stringify({ jobId, item, state, attempt: 1 })),
  ];
}
