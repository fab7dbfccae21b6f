import type pg from "pg";
import type { EventRecord, EventType } from "../../../domain/records.ts";
import { type LogEnd, PAGE_CHARACTERS } from "../../../ports/store/jobs.ts";
import type { Store } from "../../../ports/store/store.ts";
import { type Ask, asking } from "../connection.ts";
import { statement } from "../statement.ts";
import { RUN_EVENTS } from "./columns.ts";
import { isUuid } from "./rows.ts";

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
/** Rows examined per page. */
const EVENT_ROWS = 1_000;
const logBounds = statement(
  "log_bounds",
  `SELECT coalesce((SELECT coalesce(first_seq, seq) FROM events WHERE owner = $1 ORDER BY seq LIMIT 1), 0) AS first,
     coalesce((SELECT last_seq FROM owners WHERE owner = $1), 0) AS last`,
);
const logEndsOf = statement(
  "log_ends_of",
  "SELECT owner, last_seq AS last FROM owners WHERE owner = ANY($1::text[])",
);
const logEndsAfter = statement(
  "log_ends_after",
  "SELECT owner, last_seq AS last FROM owners WHERE owner > $1 ORDER BY owner LIMIT $2",
);
/** Rows of a log that one statement removes. */
const TRIM_ROWS = 2_000;
/** Owners whose logs are checked per round. */
const TRIMMED_OWNERS = 100;
const nextLogs = statement(
  "next_logs",
  `SELECT owner, (SELECT at FROM events WHERE events.owner = owners.owner ORDER BY seq LIMIT 1) AS at
   FROM owners WHERE owner > $1 ORDER BY owner LIMIT $2`,
);
/** Trims an owner's log at its beginning, so that its numbers stay contiguous. */
const trim = statement(
  "trim_events",
  `WITH oldest AS (SELECT seq, at FROM events WHERE owner = $1 ORDER BY seq LIMIT ${TRIM_ROWS})
   DELETE FROM events WHERE owner = $1 AND seq < coalesce(
     (SELECT min(seq) FROM oldest WHERE at >= $2), (SELECT max(seq) + 1 FROM oldest))`,
);

interface EventRow {
  owner: string;
  seq: number;
  /** `null` for a single event, as written before runs existed. */
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

/** The calls that read the owners' logs. */
export function eventReads(all: Ask): Pick<Store, "events" | "logBounds" | "logEnds"> {
  return {
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

    logBounds: async ({ owner }) => (await all<{ first: number; last: number }>(logBounds([owner])))[0]!,

    logEnds: (query) =>
      all<LogEnd>("after" in query ? logEndsAfter([query.after, query.limit]) : logEndsOf([query.owners])),
  };
}

/** Trims the logs of the next owners in turn, whatever happened to the jobs in them. */
export function logTrimmer(pool: pg.Pool): (forgetBefore: number) => Promise<void> {
  /** The owner whose log was checked last. */
  let trimmed = "";

  async function trimLog(owner: string, forgetBefore: number): Promise<void> {
    for (let removed: number | null = TRIM_ROWS; removed === TRIM_ROWS; ) {
      ({ rowCount: removed } = await asking(() => pool.query(trim([owner, forgetBefore]))));
    }
  }

  return async (forgetBefore) => {
    const query = nextLogs([trimmed, TRIMMED_OWNERS]);
    const { rows } = await asking(() => pool.query<{ owner: string; at: number | null }>(query));
    for (const { owner, at } of rows)
      if (at !== null && at < forgetBefore) await trimLog(owner, forgetBefore);
    trimmed = rows.length === TRIMMED_OWNERS ? rows.at(-1)!.owner : "";
  };
}
