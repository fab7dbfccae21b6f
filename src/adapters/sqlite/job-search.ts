import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  type FoundInItems,
  firstIdAt,
  type JobSearch,
  matchesSearch,
  SEARCHED_ITEMS,
  searchedStates,
} from "../../domain/job-search.ts";
import type { JobRecord } from "../../domain/records.ts";
import { type JobRow, toJob } from "../../domain/stored.ts";
import { type DeadGroup, SEARCH_MS } from "../../ports/store/operations.ts";
import { containing, containingInJson, LIKE, patternsOf } from "../like.ts";
import type { Handlers } from "./handlers.ts";

/** Exactly as in the index's definition: SQLite uses a partial index only if the condition has the same wording. */
const ENDED_BADLY = "state IN ('partial', 'failed', 'cancelled', 'expired')";
/** Jobs examined between two checks of the clock. */
const STEP = 250;
const names = `SELECT 1 FROM tasks WHERE job_id = jobs.id AND item BETWEEN 0 AND ${SEARCHED_ITEMS - 1} AND body ->> '$.name' ${LIKE}`;
/** The parts of an error that a search reads. */
const errorText = ["code", "message", "detail"]
  .map((field) => `coalesce(body -> '$.error' ->> '$.${field}', '')`)
  .join(" || ' ' || ");
const errors = `SELECT 1 FROM tasks WHERE job_id = jobs.id AND state = 'dead' AND ${errorText} ${LIKE}`;
const codes = "SELECT 1 FROM dead_letters WHERE job_id = jobs.id AND code = ?";

interface Condition {
  text: string;
  values: SQLInputValue[];
}

/** Searches the jobs of all owners, and their failures. */
export function jobSearches(db: DatabaseSync): Handlers<"findJobs" | "deadGroups"> {
  const prepared = new Map<string, StatementSync>();
  const all = <Row>(text: string, values: SQLInputValue[]): Row[] => {
    const statement = prepared.get(text) ?? db.prepare(text);
    prepared.set(text, statement);
    return statement.all(...values) as Row[];
  };
  const holds = (query: string, { id }: JobRecord, value: string) =>
    all(`${query.replace("jobs.id", "?")} LIMIT 1`, [id, value]).length > 0;
  const itemsOf = (job: JobRecord): FoundInItems => ({
    file: (text) => holds(names, job, containing(text)),
    error: (text) => holds(errors, job, containing(text)),
    code: (code) => holds(codes, job, code),
  });

  return {
    findJobs({ limit, look, cursor, ...search }) {
      const until = performance.now() + SEARCH_MS;
      const found: JobRecord[] = [];
      const filter = conditionsOf(search);
      let next = cursor;
      for (let looked = 0; ; looked += STEP) {
        const ids = all<{ id: string }>(...candidates(search, next)).map(({ id }) => id);
        const last = ids.at(-1);
        if (last === undefined) return { jobs: found, next: null };
        const text = `SELECT * FROM jobs WHERE id IN (SELECT value FROM json_each(?)) ${filter.text} ORDER BY id DESC`;
        for (const row of all<JobRow>(text, [JSON.stringify(ids), ...filter.values])) {
          const job = toJob(row);
          if (!matchesSearch(job, search, itemsOf(job))) continue;
          found.push(job);
          if (found.length === limit) return { jobs: found, next: job.id };
        }
        if (ids.length < STEP) return { jobs: found, next: null };
        next = last;
        if (looked + STEP >= look || performance.now() >= until) return { jobs: found, next };
      }
    },

    deadGroups({ queue, code, text: part, limit }) {
      const parts: Condition[] = [];
      if (queue !== undefined) parts.push({ text: "queue = ?", values: [queue] });
      if (code !== undefined) parts.push({ text: "code = ?", values: [code] });
      if (part !== undefined)
        parts.push({ text: `(code ${LIKE} OR alike ${LIKE})`, values: patternsOf(part) });
      const where = parts.length === 0 ? "" : `WHERE ${parts.map(({ text }) => text).join(" AND ")}`;
      const text = `SELECT queue, code, alike AS "group", count(*) AS count, min(job_id) AS first, max(job_id) AS last
        FROM dead_letters ${where} GROUP BY queue, code, alike ORDER BY count DESC, last DESC LIMIT ?`;
      return all<DeadGroup>(text, [...parts.flatMap(({ values }) => values), limit]);
    },
  };
}

/** The next candidate ids, newest first, from whichever index has them in that order. */
function candidates(search: JobSearch, cursor: string | undefined): [text: string, values: SQLInputValue[]] {
  const { owner, from, to } = search;
  const bounds: Condition[] = [];
  if (owner !== undefined) bounds.push({ text: "owner = ?", values: [owner] });
  if (cursor !== undefined) bounds.push({ text: "id < ?", values: [cursor] });
  if (from !== undefined) bounds.push({ text: "id >= ?", values: [firstIdAt(from)] });
  if (to !== undefined) bounds.push({ text: "id < ?", values: [firstIdAt(to)] });
  const source = (state: string) => {
    const where = [...bounds.map(({ text }) => text), state].filter((text) => text !== "").join(" AND ");
    return `SELECT id FROM jobs ${where && `WHERE ${where}`} ORDER BY id DESC LIMIT ${STEP}`;
  };
  const values = bounds.flatMap((bound) => bound.values);
  const states = searchedStates(search);
  // Most jobs have succeeded, so there is no index for those.
  if (!states || states.includes("succeeded")) return [source(""), values];
  const ended = states.filter((state) => state !== "queued" && state !== "running");
  const live = ended.length < states.length ? ["finished_at IS NULL"] : [];
  const arms = [...live, ...ended.map((state) => `${ENDED_BADLY} AND state = '${state}'`)].map(
    (state) => `SELECT id FROM (${source(state)})`,
  );
  const text = `${arms.join(" UNION ALL ")} ORDER BY id DESC LIMIT ${STEP}`;
  return [text, arms.flatMap(() => values)];
}

/** Filters out most jobs that do not match; `matchesSearch` decides about the rest. */
function conditionsOf({ pipeline, states, code, error, file, metadata, text }: JobSearch): Condition {
  const parts: Condition[] = [];
  const add = (condition: string, ...values: SQLInputValue[]) => parts.push({ text: condition, values });
  if (pipeline !== undefined) add("pipeline = ?", pipeline);
  if (states !== undefined) add(`state IN (${states.map(() => "?").join()})`, ...states);
  if (code !== undefined) add(`(progress ${LIKE} OR EXISTS (${codes}))`, containingInJson(code), code);
  if (error !== undefined)
    add(`(progress ${LIKE} OR EXISTS (${errors}))`, containingInJson(error), containing(error));
  if (file !== undefined) add(`EXISTS (${names})`, containing(file));
  if (metadata !== undefined) add(`spec ${LIKE}`, containingInJson(metadata.value));
  if (text !== undefined) {
    const [json, plain] = [containingInJson(text), containing(text)];
    const anywhere = [
      `id ${LIKE}`,
      `spec ${LIKE}`,
      `progress ${LIKE}`,
      `EXISTS (${names})`,
      `EXISTS (${errors})`,
    ];
    add(`(${anywhere.join(" OR ")})`, `${text.toLowerCase()}%`, json, json, plain, plain);
  }
  return {
    text: parts.map((part) => `AND ${part.text}`).join(" "),
    values: parts.flatMap((part) => part.values),
  };
}
