import type pg from "pg";
import { parseTaskId } from "../../../domain/ids.ts";
import type { AttemptBody, Json } from "../../../domain/records.ts";
import { filesOf, type JobRow, toJob } from "../../../domain/stored.ts";
import type { OwnerUsage } from "../../../ports/store/files.ts";
import type { Store } from "../../../ports/store/store.ts";
import { type Ask, asking } from "../connection.ts";
import { statement } from "../statement.ts";
import { eventReads } from "./event-log.ts";
import { jobSearches } from "./job-search.ts";
import { pageReads } from "./page-reads.ts";
import { isUuid, type TaskRow, toTask } from "./rows.ts";

const job = statement("job", "SELECT * FROM jobs WHERE id = $1");
const task = statement("task", "SELECT * FROM tasks WHERE job_id = $1 AND item = $2");
/** Sorts before all ids. */
const NO_ID = "00000000-0000-0000-0000-000000000000";
const expiring = statement(
  "expiring",
  `SELECT * FROM jobs WHERE expires_at IS NOT NULL AND (expires_at, id) > ($1::bigint, $2::uuid) AND expires_at <= $3
     AND finished_at IS NOT NULL
   ORDER BY expires_at, id LIMIT $4`,
);
const memo = statement(
  "memo",
  "SELECT value, blob FROM memos WHERE job_id = $1 AND item = $2 AND step = $3 AND key = $4",
);
const attempts = statement(
  "attempts",
  `SELECT item, generation, body FROM attempts WHERE job_id = $1 AND item BETWEEN $2 AND $3
   ORDER BY item, generation`,
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
const ownerUsage = statement(
  "owner_usage",
  `SELECT (SELECT count(*) FROM jobs WHERE owner = $1 AND finished_at IS NULL) AS "openJobs",
     (SELECT coalesce(sum(bytes), 0)::bigint FROM blobs WHERE key IN (
        SELECT blob FROM jobs JOIN job_blobs ON job_id = id WHERE owner = $1)) AS bytes,
     (SELECT min(expires_at) FROM jobs WHERE owner = $1) AS "nextExpiry"`,
);

type Names =
  | "job"
  | "jobs"
  | "items"
  | "parts"
  | "artifact"
  | "events"
  | "logBounds"
  | "logEnds"
  | "expiring"
  | "memo"
  | "knownKey"
  | "known"
  | "countCached"
  | "usage"
  | "ownerUsage"
  | "deadLetters"
  | "deadPlaces"
  | "deadGroups"
  | "findJobs"
  | "attempts";

/** The read-only calls. */
export function reads(pool: pg.Pool): Pick<Store, Names> {
  const all: Ask = async <Row>(query: pg.QueryConfig) =>
    (await asking(() => pool.query(query))).rows as Row[];
  const first = async <Row>(query: pg.QueryConfig) => (await all<Row>(query))[0];

  const store: Pick<Store, Names> = {
    ...pageReads(all),
    ...jobSearches(all),
    ...eventReads(all),

    async job({ owner, id }) {
      const row = isUuid(id) ? await first<JobRow>(job([id])) : undefined;
      return row && (owner === null || row.owner === owner) ? toJob(row) : null;
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

    async expiring({ after, until, limit }) {
      const rows = await all<JobRow>(expiring([after.at, after.id || NO_ID, until, limit]));
      return rows.map(toJob);
    },

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

    async attempts({ jobId, first: from, last }) {
      if (!isUuid(jobId)) return [];
      const rows = await all<{ item: number; generation: number; body: string }>(
        attempts([jobId, from, last]),
      );
      return rows.map(({ body, ...place }) => ({ jobId, ...place, ...(JSON.parse(body) as AttemptBody) }));
    },

    ownerUsage: async ({ owner }) => (await first<OwnerUsage>(ownerUsage([owner])))!,
  };
  return store;
}
