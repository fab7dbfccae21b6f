import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { parseTaskId } from "../../domain/ids.ts";
import { firstIdAt } from "../../domain/job-search.ts";
import { partNumber, partNumbers } from "../../domain/parts.ts";
import { JOB_ITEM } from "../../domain/records.ts";
import { partStates } from "../../domain/states.ts";
import { type JobRow, type TaskRow, toJob, toTask } from "../../domain/stored.ts";
import { PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import type { DeadLetterQuery, DeadPlace } from "../../ports/store/operations.ts";
import { LIKE, patternsOf } from "../like.ts";
import type { Handlers } from "./handlers.ts";

/** The calls that read lists page by page. */
export function pageReads(
  db: DatabaseSync,
): Handlers<"jobs" | "items" | "parts" | "deadLetters" | "deadPlaces"> {
  const prepared = new Map<string, StatementSync>();
  /** The rows of a page, as many as fit its size. */
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

    deadLetters(query) {
      const where = deadConditions(query);
      const text = `SELECT t.*, j.pipeline, j.spec FROM dead_letters d
        JOIN tasks t ON t.job_id = d.job_id AND t.item = d.item JOIN jobs j ON j.id = d.job_id
        WHERE ${where.text()} ORDER BY d.job_id DESC, d.item DESC LIMIT ?`;
      const size = (row: TaskRow & JobRow) => row.body.length;
      return page<TaskRow & JobRow>(text, [...where.values, query.limit], size).map((row) => {
        const task = toTask(row);
        const { plan } = JSON.parse(row.spec) as { plan: { name: string }[] };
        return { ...task, pipeline: row.pipeline, stepName: plan[task.step]?.name ?? "" };
      });
    },

    deadPlaces(query) {
      const where = deadConditions(query);
      const jobs = query.pipeline ? "JOIN jobs j ON j.id = d.job_id" : "";
      const text = `SELECT d.job_id AS jobId, d.item, d.code FROM dead_letters d ${jobs}
        WHERE ${where.text()} ORDER BY d.job_id DESC, d.item DESC LIMIT ?`;
      return page<DeadPlace>(text, [...where.values, query.limit], () => 100);
    },
  };
}

/** Conditions over `dead_letters d`, and over `jobs j` if a pipeline is given. */
function deadConditions(query: DeadLetterQuery) {
  const { queue, pipeline, owner, code, group, text, jobId, from, to, cursor } = query;
  const where = conditions();
  const after = cursor ? parseTaskId(cursor) : null;
  where.add("true");
  if (after) where.add("(d.job_id, d.item) < (?, ?)", after.jobId, after.item);
  if (queue) where.add("d.queue = ?", queue);
  if (owner) where.add("d.owner = ?", owner);
  if (code) where.add("d.code = ?", code);
  if (group !== undefined) where.add("d.alike = ?", group);
  if (text) where.add(`(d.code ${LIKE} OR d.alike ${LIKE})`, ...patternsOf(text));
  if (jobId) where.add("d.job_id = ?", jobId);
  if (from !== undefined) where.add("d.job_id >= ?", firstIdAt(from));
  if (to !== undefined) where.add("d.job_id < ?", firstIdAt(to));
  if (pipeline) where.add("j.pipeline = ?", pipeline);
  return where;
}

/** Collects a query's conditions and their values in the same order. */
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
