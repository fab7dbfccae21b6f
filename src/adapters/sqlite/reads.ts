import type { DatabaseSync } from "node:sqlite";
import { parseTaskId } from "../../domain/ids.ts";
import type { AttemptBody, Json } from "../../domain/records.ts";
import { filesOf, type JobRow, type TaskRow, toJob, toTask } from "../../domain/stored.ts";
import type { OwnerUsage } from "../../ports/store/files.ts";
import { EventLog } from "./event-log.ts";
import type { Handlers } from "./handlers.ts";
import { jobSearches } from "./job-search.ts";
import { pageReads } from "./page-reads.ts";
import type { ReadNames } from "./protocol.ts";
import { statements } from "./statements.ts";

/** The read-only calls, each over what is committed when it is answered. */
export function reads(db: DatabaseSync): Handlers<ReadNames> {
  const sql = statements(db);
  const log = new EventLog(sql);

  return {
    ...pageReads(db),
    ...jobSearches(db),

    job({ owner, id }) {
      const row = sql.job.get(id) as unknown as JobRow | undefined;
      return row && (owner === null || row.owner === owner) ? toJob(row) : null;
    },

    artifact({ owner, id }) {
      const jobId = id.slice(0, 36);
      const row = sql.job.get(jobId) as unknown as JobRow | undefined;
      if (row?.owner !== owner) return null;
      const job = toJob(row);
      const taskKey = parseTaskId(id.split(".").slice(0, 2).join("."));
      const task = taskKey && (sql.task.get(jobId, taskKey.item) as unknown as TaskRow | undefined);
      const files = task ? filesOf(toTask(task)) : job.attachments;
      const file = files.find((one) => one.artifactId === id);
      if (!file) return null;
      return job.state === "expired" || file.deleted ? "expired" : { ...file, jobId };
    },

    events(query) {
      return log.read(query);
    },

    logBounds({ owner }) {
      return log.bounds(owner);
    },

    logEnds: (query) => log.ends(query),
    expiring({ after, until, limit }) {
      const rows = sql.expiring.all(after.at, after.id, until, limit) as unknown as JobRow[];
      return rows.map(toJob);
    },

    memo({ taskId, step, key }) {
      const id = parseTaskId(taskId);
      const row = id && sql.memo.get(id.jobId, id.item, step, key);
      return row ? { value: JSON.parse(row.value as string) as Json, blob: row.blob as string | null } : null;
    },

    known({ keys }) {
      return keys.filter((key) => sql.knownBlob.get(key) !== undefined);
    },

    usage() {
      return sql.usage.get() as { bytes: number; count: number };
    },

    attempts({ jobId, first, last }) {
      const rows = sql.attempts.all(jobId, first, last) as {
        item: number;
        generation: number;
        body: string;
      }[];
      return rows.map(({ body, ...place }) => ({ jobId, ...place, ...(JSON.parse(body) as AttemptBody) }));
    },

    ownerUsage: ({ owner }) => sql.ownerUsage.get(owner) as unknown as OwnerUsage,

    knownKey({ owner, key, now }) {
      const known = sql.idempotent.get(owner, key, now);
      return known !== undefined && sql.job.get(known.job_id as string) !== undefined;
    },

    countCached({ keys }) {
      return keys.filter((key) => sql.cached.get(key) !== undefined).length;
    },
  };
}
