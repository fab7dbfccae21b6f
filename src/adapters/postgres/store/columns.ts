import type { JobRecord } from "../../../domain/records.ts";
import { jobProgress, jobSpec, partColumn, splitColumn, taskBody } from "../../../domain/stored.ts";
import type { PendingEvent, PostgresLedger, TrackedTask } from "./ledger.ts";

/** Most events per row: a page of the log that begins in the middle of a row reads all of it. */
export const RUN_EVENTS = 100;

export type Cell = string | number | boolean | null;

export function newJobRow(job: JobRecord): Cell[] {
  const { id, owner, pipeline, state, finishedAt } = job;
  return [id, owner, pipeline, state, finishedAt, expiry(job), jobSpec(job), jobProgress(job)];
}

export function jobRow(job: JobRecord): Cell[] {
  return [job.id, job.state, job.finishedAt, expiry(job), jobProgress(job)];
}

export function taskRow({ record: task }: TrackedTask): Cell[] {
  const { jobId, item, owner, queue, priority, state, generation, wakeAt, worker, lease } = task;
  const body = state === "dead" ? readable(taskBody(task)) : taskBody(task);
  const split = splitColumn(task) ?? "";
  return [jobId, item, queue, priority, state, owner, generation, wakeAt, worker, lease, body, split];
}

export function newTaskRow(tracked: TrackedTask): Cell[] {
  return [...taskRow(tracked), partColumn(tracked.record) ?? ""];
}

/**
 * PostgreSQL accepts NUL and unpaired surrogates in JSON, but fails when it looks inside later, as it does for dead
 * letters and forgotten events. U+FFFD replaces them there.
 */
const UNREADABLE = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

function readable(json: string): string {
  return json.includes("\\u") ? json.replace(UNREADABLE, "$1\\ufffd") : json;
}

/** An expired job has nothing left to expire. */
function expiry(job: JobRecord): number | null {
  return job.state === "expired" ? null : job.expiresAt;
}

/** Owners with their numbers of events, and the runs: what one job appended, in one row. */
export function eventColumns({ events }: PostgresLedger): unknown[] {
  const counts = new Map<string, number>();
  const runs: { run: PendingEvent[]; upTo: number }[] = [];
  for (const group of Map.groupBy(events, (event) => event.job.id).values()) {
    const { owner } = group[0]!.job;
    for (let from = 0; from < group.length; from += RUN_EVENTS) {
      const run = group.slice(from, from + RUN_EVENTS);
      const upTo = (counts.get(owner) ?? 0) + run.length;
      counts.set(owner, upTo);
      runs.push({ run, upTo });
    }
  }
  const rows = runs.map(({ run, upTo }) => {
    const { job, at } = run.at(-1)!;
    const entries = run.map((event) => [event.type, event.at, event.data]);
    return [
      job.owner,
      counts.get(job.owner)! - upTo,
      run.length,
      job.id,
      at,
      readable(JSON.stringify(entries)),
    ];
  });
  return [[...counts.keys()], [...counts.values()], ...columns(rows, 1)];
}

/**
 * Transposes rows to columns for `unnest`.
 * @param texts the number of trailing columns that are JSON, whose text has no line breaks
 */
export function columns(rows: Cell[][], texts = 0): (Cell[] | string)[] {
  const first = rows[0]!.length - texts;
  return rows[0]!.map((_, n) => {
    const cells = rows.map((row) => row[n]!);
    return n < first ? cells : cells.join("\n");
  });
}
