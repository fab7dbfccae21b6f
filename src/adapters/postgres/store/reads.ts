import type pg from "pg";
import { parseTaskId } from "../../../domain/ids.ts";
import { placeOfPart, placesOfParts } from "../../../domain/parts.ts";
import { type EventRecord, type EventType, JOB_ITEM, type Json } from "../../../domain/records.ts";
import { filesOf, type JobRow, toJob } from "../../../domain/stored.ts";
import { PAGE_CHARACTERS } from "../../../ports/store/jobs.ts";
import type { Store } from "../../../ports/store/store.ts";
import { asking } from "../connection.ts";
import { statement } from "../statement.ts";
import { isUuid, type TaskRow, toTask } from "./rows.ts";
import { RUN_EVENTS } from "./write.ts";

const job = statement("job", "SELECT * FROM jobs WHERE id = $1");
const task = statement("task", "SELECT * FROM tasks WHERE job_id = $1 AND item = $2");
/** Rows after $2, in order, until they hold $3 events; the first may begin before $2, by less than a run. */
const eventPage = (name: string, ofJob = "") =>
  statement(
    name,
    `SELECT * FROM (
       SELECT owner, seq, first_seq, job_id, type, at, data,
         sum(seq - coalesce(first_seq, seq) + 1) OVER earlier AS before,
         sum(length(data::text)) OVER earlier AS size_before
       FROM events WHERE ${ofJob}owner = $1 AND seq > $2 
       WINDOW earlier AS (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) ORDER BY seq LIMIT $3
     ) AS page WHERE before IS NULL OR (before < $3::int + ${RUN_EVENTS - 1} AND size_before < ${PAGE_CHARACTERS})`,
  );
const events = eventPage("events");
const jobEvents = eventPage("job_events", "job_id = $4 AND ");
/** Looked at at once. */
const EVENT_ROWS = 1_000;
const logBounds = statement(
  "log_bounds",
  `SELECT coalesce((SELECT coalesce(first_seq, seq) FROM events WHERE owner = $1 ORDER BY seq LIMIT 1), 0) AS first,
     coalesce((SELECT last_seq FROM owners WHERE owner = $1), 0) AS last`,
);
const memo = statement(
  "memo",
  "SELECT value, blob FROM memos WHERE job_id = $1 AND item = $2 AND step = $3 AND key = $4",
);
const knownKey = statement(
  "known_key",
  `SELECT 1 FROM idempotency i JOIN jobs ON jobs.id = i.job_id
   WHERE i.owner = $1 AND i.key = $2 AND i.expires_at > $3`,
);
const known = statement("known_blobs", "SELECT key FROM blobs WHERE key = ANY($1::text[])");
const countCached = statement("count_cached", "SELECT key FROM cache WHERE key = ANY($1::text[])");
const usage = statement(
  "usage",
  "SELECT count(*) AS count, coalesce(sum(bytes), 0)::bigint AS bytes FROM blobs WHERE NOT deleting",
);
type Names =
  | "job"
  | "jobs"
  | "items"
  | "parts"
  | "artifact"
  | "events"
  | "logBounds"
  | "memo"
  | "knownKey"
  | "known"
  | "countCached"
  | "usage"
  | "deadLetters";

interface EventRow {
  owner: string;
  seq: number;
  /** `null` for a single event, as they were written before there were runs. */
  first_seq: number | null;
  job_id: string;
  type: EventType | null;
  at: number;
  data: string;
}

function eventsOf({ owner, seq, first_seq, job_id: jobId, type, at, data }: EventRow): EventRecord[] {
  if (first_seq === null) return [{ owner, seq, jobId, type: type!, at, data: JSON.parse(data) }];
  const run = JSON.parse(data) as [EventType, number, EventRecord["data"]][];
  return run.map(([type, at, data], n) => ({ owner, seq: first_seq + n, jobId, type, at, data }));
}

/** The calls that change nothing. */
export function reads(pool: pg.Pool): Pick<Store, Names> {
  const all = async <Row>(query: pg.QueryConfig) => (await asking(() => pool.query(query))).rows as Row[];
  const first = async <Row>(query: pg.QueryConfig) => (await all<Row>(query))[0];

  const store: Pick<Store, Names> = {
    async job({ owner, id }) {
      const row = isUuid(id) ? await first<JobRow>(job([id])) : undefined;
      return row?.owner === owner ? toJob(row) : null;
    },

    async jobs({ owner, states, pipeline, limit, cursor }) {
      if (cursor !== undefined && !isUuid(cursor)) return [];
      const { where, values } = conditions([
        ["owner = ?", owner],
        cursor ? ["id < ?", cursor] : null,
        pipeline ? ["pipeline = ?", pipeline] : null,
        states ? ["state = ANY(?)", states] : null,
        states?.every((state) => state === "queued" || state === "running") ? ["finished_at IS NULL"] : null,
      ]);
      const text = page("jobs.*", "spec, progress", `jobs WHERE ${where}`, "id DESC", values.length + 1);
      return (await all<JobRow>({ text, values: [...values, limit] })).map(toJob);
    },

    async items({ jobId, after, limit, states }) {
      if (!isUuid(jobId)) return [];
      const { where, values } = conditions([
        ["job_id = ?", jobId],
        ["item > ?", after ?? JOB_ITEM],
        states ? ["state = ANY(?)", states] : null,
      ]);
      const text = page("tasks.*", "body", `tasks WHERE ${where}`, "item", values.length + 1);
      return (await all<TaskRow>({ text, values: [...values, limit] })).map(toTask);
    },

    async parts({ jobId, item, after, limit, states }) {
      if (!isUuid(jobId)) return [];
      const [first, last] = placesOfParts(item);
      const { where, values } = conditions([
        ["job_id = ?", jobId],
        ["item >= ?", after === undefined ? first : placeOfPart({ item, part: after + 1 })],
        ["item <= ?", last],
        states ? ["state = ANY(?)", states] : null,
      ]);
      const text = page("tasks.*", "body, part", `tasks WHERE ${where}`, "item", values.length + 1);
      return (await all<TaskRow>({ text, values: [...values, limit] })).map(toTask);
    },

    async artifact({ owner, id }) {
      const jobId = id.slice(0, 36);
      const found = await store.job({ owner, id: jobId });
      if (!found) return null;
      const taskKey = parseTaskId(id.split(".").slice(0, 2).join("."));
      const row = taskKey && (await first<TaskRow>(task([jobId, taskKey.item])));
      const files = row ? filesOf(toTask(row)) : found.attachments;
      const file = files.find((one) => one.artifactId === id);
      if (!file) return null;
      return found.state === "expired" || file.deleted ? "expired" : { ...file, jobId };
    },

    async events({ owner, after, limit, jobId }) {
      if (jobId !== undefined && !isUuid(jobId)) return [];
      const count = Math.min(limit, EVENT_ROWS);
      const query = jobId ? jobEvents([owner, after, count, jobId]) : events([owner, after, count]);
      const rows = await all<EventRow>(query);
      return rows
        .flatMap(eventsOf)
        .filter((event) => event.seq > after)
        .slice(0, limit);
    },

    logBounds: async ({ owner }) => (await first<{ first: number; last: number }>(logBounds([owner])))!,

    async memo({ taskId, step, key }) {
      const taskKey = parseTaskId(taskId);
      if (!taskKey || !isUuid(taskKey.jobId)) return null;
      const row = await first<{ value: string; blob: string | null }>(
        memo([taskKey.jobId, taskKey.item, step, key]),
      );
      return row ? { value: JSON.parse(row.value) as Json, blob: row.blob } : null;
    },

    knownKey: async ({ owner, key, now }) => (await all(knownKey([owner, key, now]))).length > 0,

    async known({ keys }) {
      const found = new Set((await all<{ key: string }>(known([keys]))).map((row) => row.key));
      return keys.filter((key) => found.has(key));
    },

    async countCached({ keys }) {
      const found = new Set((await all<{ key: string }>(countCached([keys]))).map((row) => row.key));
      return keys.filter((key) => found.has(key)).length;
    },

    usage: async () => (await first<{ bytes: number; count: number }>(usage()))!,

    async deadLetters({ queue, pipeline, code, jobId, limit, cursor }) {
      const from = cursor ? parseTaskId(cursor) : null;
      if ((from && !isUuid(from.jobId)) || (jobId !== undefined && !isUuid(jobId))) return [];
      const { where, values } = conditions([
        ["t.state = 'dead'"],
        from ? ["(t.job_id, t.item) < (?, ?)", from.jobId, from.item] : null,
        queue ? ["t.queue = ?", queue] : null,
        jobId ? ["t.job_id = ?", jobId] : null,
        pipeline ? ["j.pipeline = ?", pipeline] : null,
        code ? ["t.body -> 'error' ->> 'code' = ?", code] : null,
      ]);
      const source = `tasks t JOIN jobs j ON j.id = t.job_id WHERE ${where}`;
      const text = page(
        "t.*, j.pipeline, j.spec",
        "body",
        source,
        "job_id DESC, item DESC",
        values.length + 1,
      );
      const rows = await all<TaskRow & JobRow>({ text, values: [...values, limit] });
      return rows.map((row) => {
        const letter = toTask(row);
        const { plan } = JSON.parse(row.spec) as { plan: { name: string }[] };
        return { ...letter, pipeline: row.pipeline, stepName: plan[letter.step]?.name ?? "" };
      });
    },
  };
  return store;
}

/**
 * A page of rows: at most as many as the parameter with this number says, and no more than its size allows.
 * @param json the columns whose size counts
 */
function page(columns: string, json: string, from: string, order: string, limit: number): string {
  const size = json.split(", ").map((column) => `length(${column}::text)`);
  return `SELECT * FROM (
      SELECT *, sum(${size.join(" + ")})
        OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS size_before
      FROM (SELECT ${columns} FROM ${from}) AS found ORDER BY ${order} LIMIT $${limit}
    ) AS page WHERE size_before IS NULL OR size_before < ${PAGE_CHARACTERS}`;
}

/** Joins what is asked for; each `?` becomes the next parameter. */
function conditions(parts: ([text: string, ...values: unknown[]] | null)[]): {
  where: string;
  values: unknown[];
} {
  const values: unknown[] = [];
  const where = parts
    .filter((part) => part !== null)
    .map(([text, ...own]) => {
      const from = values.length;
      values.push(...own);
      let n = from;
      return text.replaceAll("?", () => `$${++n}`);
    });
  return { where: where.join(" AND "), values };
}
