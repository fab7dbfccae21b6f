import {
  firstIdAt,
  type JobSearch,
  matchesSearch,
  SEARCHED_ITEMS,
  searchedStates,
} from "../../../domain/job-search.ts";
import type { JobRecord } from "../../../domain/records.ts";
import { type JobRow, toJob } from "../../../domain/stored.ts";
import { type DeadGroup, SEARCH_MS } from "../../../ports/store/operations.ts";
import type { Store } from "../../../ports/store/store.ts";
import { containing, containingInJson, patternsOf } from "../../like.ts";
import type { Ask } from "../connection.ts";
import { isUuid } from "./rows.ts";

/** Jobs examined per statement. */
const STEP = 500;

/**
 * Treats JSON as text: PostgreSQL fails to look inside some that it has accepted. A body contains its item's name
 * before anything else with a name.
 */
const name = `substring(body::text from '"name":"(([^"\\\\]|\\\\.)*)"')`;
const names = `SELECT 1 FROM tasks WHERE job_id = jobs.id AND item BETWEEN 0 AND ${SEARCHED_ITEMS - 1} AND ${name} ILIKE ?`;
const errorText = `(body -> 'error' ->> 'code') || ' ' || (body -> 'error' ->> 'message') || ' ' || coalesce(body -> 'error' ->> 'detail', '')`;
const errors = `SELECT 1 FROM tasks WHERE job_id = jobs.id AND state = 'dead' AND ${errorText} ILIKE ?`;
const codes = "SELECT 1 FROM tasks WHERE job_id = jobs.id AND state = 'dead' AND dead_code = ?";

type Condition = [text: string, ...values: unknown[]];

interface Row extends JobRow {
  in_names: boolean;
  in_errors: boolean;
  in_codes: boolean;
}

/** Searches the jobs of all owners, and their failures. */
export function jobSearches(all: Ask): Pick<Store, "findJobs" | "deadGroups"> {
  return {
    async findJobs({ limit, look, cursor, ...search }) {
      if (cursor !== undefined && !isUuid(cursor)) return { jobs: [], next: null };
      const until = performance.now() + SEARCH_MS;
      const found: JobRecord[] = [];
      let next = cursor;
      for (let looked = 0; ; looked += STEP) {
        const ids = (await all<{ id: string }>(candidates(search, next))).map(({ id }) => id);
        const last = ids.at(-1);
        if (last === undefined) return { jobs: found, next: null };
        for (const row of await all<Row>(matching(ids, search, limit - found.length))) {
          const job = toJob(row);
          const items = { file: () => row.in_names, error: () => row.in_errors, code: () => row.in_codes };
          if (matchesSearch(job, search, items)) found.push(job);
          if (found.length === limit) return { jobs: found, next: job.id };
        }
        if (ids.length < STEP) return { jobs: found, next: null };
        next = last;
        if (looked + STEP >= look || performance.now() >= until) return { jobs: found, next };
      }
    },

    async deadGroups({ queue, code, text: part, limit }) {
      const parts: Condition[] = [["state = 'dead'"]];
      if (queue !== undefined) parts.push(["queue = ?", queue]);
      if (code !== undefined) parts.push(["dead_code = ?", code]);
      if (part !== undefined) parts.push(["(dead_code ILIKE ? OR dead_group ILIKE ?)", ...patternsOf(part)]);
      const { text: where, values } = numbered(parts, " AND ", 0);
      const text = `SELECT queue, dead_code AS code, dead_group AS "group", count(*) AS count,
          min(job_id::text) AS first, max(job_id::text) AS last
        FROM tasks WHERE ${where} GROUP BY 1, 2, 3 ORDER BY count DESC, last DESC LIMIT $${values.length + 1}`;
      return all<DeadGroup>({ text, values: [...values, limit] });
    },
  };
}

/** The next candidate ids, newest first, from whichever index has them in that order. */
function candidates(search: JobSearch, cursor: string | undefined) {
  const { owner, from, to } = search;
  const bounds: Condition[] = [];
  if (owner !== undefined) bounds.push(["owner = ?", owner]);
  if (cursor !== undefined) bounds.push(["id < ?", cursor]);
  if (from !== undefined) bounds.push(["id >= ?", firstIdAt(from)]);
  if (to !== undefined) bounds.push(["id < ?", firstIdAt(to)]);
  const { text: where, values } = numbered(bounds, " AND ", 0);
  const source = (state: string) => {
    const all = [where, state].filter((part) => part !== "").join(" AND ");
    return `SELECT id FROM jobs ${all && `WHERE ${all}`} ORDER BY id DESC LIMIT ${STEP}`;
  };
  const states = searchedStates(search);
  // Most jobs have succeeded, so there is no index for those.
  if (!states || states.includes("succeeded")) return { text: source(""), values };
  const ended = states.filter((state) => state !== "queued" && state !== "running");
  const live = ended.length < states.length ? ["finished_at IS NULL"] : [];
  const arms = [...live, ...ended.map((state) => `state = '${state}'`)].map((state) => `(${source(state)})`);
  const text = `SELECT id FROM (${arms.join(" UNION ALL ")}) AS arms ORDER BY id DESC LIMIT ${STEP}`;
  return { text, values };
}

/** Filters out most jobs that do not match; `matchesSearch` decides about the rest. */
function matching(ids: readonly string[], search: JobSearch, limit: number) {
  const { pipeline, states, code, error, file, metadata, text } = search;
  const parts: Condition[] = [["id = ANY(?::uuid[])", ids]];
  const add = (...condition: Condition) => parts.push(condition);
  if (pipeline !== undefined) add("pipeline = ?", pipeline);
  if (states !== undefined) add("state = ANY(?)", states);
  const has: Condition[] = [
    code === undefined ? ["false AS in_codes"] : [`EXISTS (${codes}) AS in_codes`, code],
    inText("in_errors", errors, error ?? text),
    inText("in_names", names, file === undefined ? text : file, file !== undefined || text !== undefined),
  ];
  if (code !== undefined) add("(in_codes OR progress::text ILIKE ?)", containingInJson(code));
  if (error !== undefined) add("(in_errors OR progress::text ILIKE ?)", containingInJson(error));
  if (file !== undefined) add("in_names");
  if (metadata !== undefined) add("spec::text LIKE ?", containingInJson(metadata.value));
  if (text !== undefined) {
    const json = containingInJson(text);
    const first = `${text.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`;
    add(
      "(in_names OR in_errors OR id::text LIKE ? OR spec::text ILIKE ? OR progress::text ILIKE ?)",
      ...[first, json, json],
    );
  }
  const columns = numbered(has, ", ", 0);
  const where = numbered(parts, " AND ", columns.values.length);
  const values = [...columns.values, ...where.values, limit];
  return {
    text: `SELECT * FROM (SELECT jobs.*, ${columns.text} FROM jobs WHERE id = ANY($${columns.values.length + 1}::uuid[])) AS looked
      WHERE ${where.text} ORDER BY id DESC LIMIT $${values.length}`,
    values,
  };
}

function inText(
  column: string,
  query: string,
  text: string | undefined,
  asked = text !== undefined,
): Condition {
  return asked ? [`EXISTS (${query}) AS ${column}`, containing(text!)] : [`false AS ${column}`];
}

/** Joins conditions; each `?` becomes the next parameter. */
function numbered(parts: readonly Condition[], between: string, from: number) {
  const values: unknown[] = [];
  const text = parts
    .map(([condition, ...own]) => {
      let n = from + values.length;
      values.push(...own);
      return condition.replaceAll("?", () => `$${++n}`);
    })
    .join(between);
  return { text, values };
}
