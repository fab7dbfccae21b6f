import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { parseTaskId } from "../../domain/ids.ts";
import { partNumber, partNumbers } from "../../domain/parts.ts";
import { JOB_ITEM } from "../../domain/records.ts";
import { partStates } from "../../domain/states.ts";
import { type JobRow, type TaskRow, toJob, toTask } from "../../domain/stored.ts";
import { PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import type { Handlers } from "./handlers.ts";

/** The calls that read lists, page by page. */
export function pageReads(db: DatabaseSync): Handlers<"jobs" | "items" | "parts" | "deadLetters"> {
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
      const [first, last] = partNumbers(item);
      const text = `SELECT * FROM tasks WHERE job_id = ? AND item BETWEEN ? AND ? AND state IN (${marks(states)})
        ORDER BY item LIMIT ?`;
      const from = after === undefined ? first : partNumber({ item, part: after + 1 });
      const size = (row: TaskRow) => row.body.length + (row.part?.length ?? 0);
      return page<TaskRow>(text, [jobId, from, last, ...states, limit], size).map(toTask);
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
