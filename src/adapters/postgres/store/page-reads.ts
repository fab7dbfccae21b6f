import { parseTaskId } from "../../../domain/ids.ts";
import { firstIdAt } from "../../../domain/job-search.ts";
import { partNumber, partNumbers } from "../../../domain/parts.ts";
import { JOB_ITEM } from "../../../domain/records.ts";
import { type JobRow, toJob } from "../../../domain/stored.ts";
import { PAGE_CHARACTERS } from "../../../ports/store/jobs.ts";
import type { DeadLetterQuery, DeadPlace } from "../../../ports/store/operations.ts";
import type { Store } from "../../../ports/store/store.ts";
import { patternsOf } from "../../like.ts";
import type { Ask } from "../connection.ts";
import { isUuid, type TaskRow, toTask } from "./rows.ts";

/** The calls that read lists page by page. */
export function pageReads(all: Ask): Pick<Store, "jobs" | "items" | "parts" | "deadLetters" | "deadPlaces"> {
  return {
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
      const [first, last] = partNumbers(item);
      const { where, values } = conditions([
        ["job_id = ?", jobId],
        ["item >= ?", after === undefined ? first : partNumber({ item, part: after + 1 })],
        ["item <= ?", last],
        states ? ["state = ANY(?)", states] : null,
      ]);
      const text = page("tasks.*", "body, part", `tasks WHERE ${where}`, "item", values.length + 1);
      return (await all<TaskRow>({ text, values: [...values, limit] })).map(toTask);
    },

    async deadLetters(query) {
      const found = deadConditions(query);
      if (!found) return [];
      const { where, values } = found;
      const { limit } = query;
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

    async deadPlaces(query) {
      const found = deadConditions(query);
      if (!found) return [];
      const { where, values } = found;
      const jobs = query.pipeline ? "JOIN jobs j ON j.id = t.job_id" : "";
      const text = `SELECT t.job_id AS "jobId", t.item, t.dead_code AS code FROM tasks t ${jobs}
        WHERE ${where} ORDER BY t.job_id DESC, t.item DESC LIMIT $${values.length + 1}`;
      return all<DeadPlace>({ text, values: [...values, query.limit] });
    },
  };
}

/** Conditions over `tasks t`, and over `jobs j` if a pipeline is given; `null` if an id is invalid. */
function deadConditions(query: DeadLetterQuery) {
  const { queue, pipeline, owner, code, group, text, jobId, from, to, cursor } = query;
  const after = cursor ? parseTaskId(cursor) : null;
  if ((after && !isUuid(after.jobId)) || (jobId !== undefined && !isUuid(jobId))) return null;
  return conditions([
    ["t.state = 'dead'"],
    after ? ["(t.job_id, t.item) < (?, ?)", after.jobId, after.item] : null,
    queue ? ["t.queue = ?", queue] : null,
    owner ? ["t.owner = ?", owner] : null,
    code ? ["t.dead_code = ?", code] : null,
    group !== undefined ? ["t.dead_group = ?", group] : null,
    text ? ["(t.dead_code ILIKE ? OR t.dead_group ILIKE ?)", ...patternsOf(text)] : null,
    from !== undefined ? ["t.job_id >= ?", firstIdAt(from)] : null,
    to !== undefined ? ["t.job_id < ?", firstIdAt(to)] : null,
    jobId ? ["t.job_id = ?", jobId] : null,
    pipeline ? ["j.pipeline = ?", pipeline] : null,
  ]);
}

/**
 * A page of rows, limited by the parameter with the number `limit` and by size.
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

/** Joins the given conditions; each `?` becomes the next parameter. */
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
