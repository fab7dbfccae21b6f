import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { parseTaskId } from "../../domain/ids.ts";
import { placeOfPart, placesOfParts } from "../../domain/parts.ts";
import { JOB_ITEM, type Json } from "../../domain/records.ts";
import { partStates } from "../../domain/states.ts";
import { filesOf, type JobRow, type TaskRow, toJob, toTask } from "../../domain/stored.ts";
import { PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import { EventLog } from "./event-log.ts";
import type { ReadNames } from "./protocol.ts";
import { statements } from "./statements.ts";
import type { Handlers } from "./writes.ts";

/** The calls that change nothing, each of what is committed when it is answered. */
export function reads(db: DatabaseSync): Handlers<ReadNames> {
  const sql = statements(db);
  const log = new EventLog(sql);
  const prepared = new Map<string, StatementSync>();
  /** The rows of a page: as many as its size allows. */
  const page = <Row>(text: string, values: SQLInputValue[], size: (row: Row) => number): Row[] => {
    const statement = prepared.get(text) ?? db.prepare(text);
    prepared.set(text, statement);
    const rows: Row[] = [];
    let characters = 0;
    for (const one of statement.iterate(...values)) {
      const row = one as unknown as Row;
      rows.push(row);
      characters += size(row);
      if (characters >= PAGE_CHARACTERS) break;
    }
    return rows;
  };

  return {
    job({ owner, id }) {
      const row = sql.job.get(id) as unknown as JobRow | undefined;
      return row?.owner === owner ? toJob(row) : null;
    },

    jobs({ owner, states, pipeline, limit, cursor }) {
      const where = conditions();
      where.add("owner = ?", owner);
      if (cursor) where.add("id < ?", cursor);
      if (pipeline) where.add("pipeline = ?", pipeline);
      if (states) where.add(`state IN (${marks(states)})`, ...states);
      if (states?.every((state) => state === "queued" || state === "running"))
        where.add("finished_at IS NULL");
      const text = `SELECT * FROM jobs WHERE ${where.text()} ORDER BY id DESC LIMIT ?`;
      return page<JobRow>(text, [...where.values, limit], jobSize).map(toJob);
    },

    items({ jobId, after, limit, states }) {
      const filter = states ? `AND state IN (${marks(states)})` : "";
      const text = `SELECT * FROM tasks WHERE job_id = ? AND item > ? ${filter} ORDER BY item LIMIT ?`;
      const values = [jobId, after ?? JOB_ITEM, ...(states ?? []), limit];
      return page<TaskRow>(text, values, (row) => row.body.length).map(toTask);
    },

    parts({ jobId, item, after, limit, states = partStates }) {
      const [first, last] = placesOfParts(item);
      const text = `SELECT * FROM tasks WHERE job_id = ? AND item BETWEEN ? AND ? AND state IN (${marks(states)})
        ORDER BY item LIMIT ?`;
      const from = after === undefined ? first : placeOfPart({ item, part: after + 1 });
      const size = (row: TaskRow) => row.body.length + (row.part?.length ?? 0);
      return page<TaskRow>(text, [jobId, from, last, ...states, limit], size).map(toTask);
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

    deadLetters({ queue, pipeline, code, jobId, limit, cursor }) {
      const where = conditions();
      where.add("t.state = 'dead'");
      const from = cursor ? parseTaskId(cursor) : null;
      if (from) where.add("(t.job_id, t.item) < (?, ?)", from.jobId, from.item);
      if (queue) where.add("t.queue = ?", queue);
      if (jobId) where.add("t.job_id = ?", jobId);
      if (pipeline) where.add("j.pipeline = ?", pipeline);
      if (code) where.add("t.body -> '$.error' ->> '$.code' = ?", code);
      const text = `SELECT t.*, j.pipeline, j.spec FROM tasks t JOIN jobs j ON j.id = t.job_id
        WHERE ${where.text()} ORDER BY t.job_id DESC, t.item DESC LIMIT ?`;
      const size = (row: TaskRow & JobRow) => row.body.length;
      return page<TaskRow & JobRow>(text, [...where.values, limit], size).map((row) => {
        const task = toTask(row);
        const { plan } = JSON.parse(row.spec) as { plan: { name: string }[] };
        return { ...task, pipeline: row.pipeline, stepName: plan[task.step]?.name ?? "" };
      });
    },

    knownKey({ owner, key, now }) {
      const known = sql.idempotent.get(owner, key, now);
      return known !== undefined && sql.job.get(known.job_id as string) !== undefined;
    },

    countCached({ keys }) {
      return keys.filter((key) => sql.cached.get(key) !== undefined).length;
    },
  };
}

/** The conditions of a query and their values, in step. */
function conditions() {
  const texts: string[] = [];
  const values: SQLInputValue[] = [];
  return {
    values,
    text: () => texts.join(" AND "),
    add(text: string, ...more: SQLInputValue[]) {
      texts.push(text);
      values.push(...more);
    },
  };
}

function jobSize({ spec, progress }: JobRow): number {
  return spec.length + progress.length;
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join();
}
