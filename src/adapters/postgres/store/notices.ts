import type pg from "pg";
import { type NewNotice, usualChannels } from "../../../domain/notices.ts";
import { statement } from "../statement.ts";
import { type Cell, columns } from "./columns.ts";
import type { PostgresLedger } from "./ledger.ts";

/** In the places chosen by the owner, or the default ones ($7 to $9). */
const writeNotices = statement(
  "write_notices",
  `WITH told AS (
     SELECT u.owner, u.id, u.kind, u.at, u.job_id, u.data, coalesce(c.page, u.page) AS page,
       coalesce(c.email, u.email) AS email, coalesce(c.browser, u.browser) AS browser
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::int[],
       $9::int[]) AS u (owner, id, kind, at, job_id, data, page, email, browser)
     LEFT JOIN notice_choices AS c ON c.owner = u.owner AND c.kind = u.kind
   ), mails AS (
     INSERT INTO notice_mails (id, owner, kind, at, job_id, data, address, state, due_at, tries)
     SELECT id, owner, kind, at, job_id, data, NULL, 'waiting', at, 0 FROM told WHERE email = 1
     ON CONFLICT DO NOTHING
   )
   INSERT INTO notices (owner, id, kind, at, job_id, data, page, browser)
   SELECT owner, id, kind, at, job_id, data, page, browser FROM told WHERE page = 1 OR browser = 1
   ON CONFLICT DO NOTHING`,
);
const writeMails = statement(
  "write_notice_mails",
  `INSERT INTO notice_mails (id, owner, kind, at, job_id, data, address, state, due_at, tries)
   SELECT id, owner, kind, at, job_id, data, address, 'waiting', at, 0
   FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])
   AS u (owner, id, kind, at, job_id, data, address) ON CONFLICT DO NOTHING`,
);

const writeCalls = statement(
  "write_notify_calls",
  `INSERT INTO notify_calls (id, owner, job_id, type, at, url)
   SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
   ON CONFLICT DO NOTHING`,
);

/** Notifications of jobs, written in the transaction of the events that they report. */
export function noticeQueries({ notices, mails, calls }: PostgresLedger): pg.QueryConfig[] {
  const queries: pg.QueryConfig[] = [];
  if (notices.length > 0) {
    const rows = notices.map((notice) => {
      const { page, email, browser } = usualChannels[notice.kind];
      return [...cells(notice), Number(page), Number(email), Number(browser)];
    });
    queries.push(writeNotices(columns(rows)));
  }
  if (mails.length > 0)
    queries.push(writeMails(columns(mails.map((mail) => [...cells(mail), mail.address]))));
  if (calls.length > 0) {
    const rows = calls.map(({ id, owner, jobId, type, at, url }) => [id, owner, jobId, type, at, url]);
    queries.push(writeCalls(columns(rows)));
  }
  return queries;
}

function cells({ owner, id, kind, at, jobId, data }: NewNotice): Cell[] {
  return [owner, id, kind, at, jobId, JSON.stringify(data)];
}
