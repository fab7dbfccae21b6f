import type pg from "pg";
import { parseTaskId } from "../../../domain/ids.ts";
import type { Store } from "../../../ports/store/store.ts";
import { asking, pipeline } from "../connection.ts";
import { statement } from "../statement.ts";
import type { ServerClock } from "./clock.ts";
import { isUuid } from "./rows.ts";

/** Pins content under its existing key if it is live; otherwise creates a record. */
const pin = statement(
  "pin",
  `WITH live AS (
     SELECT key FROM blobs WHERE sha256 = $2 AND NOT deleting AND (referenced OR (pins > 0 AND pinned_until > $5))
     LIMIT 1
   ), pinned AS (
     UPDATE blobs SET pins = pins + 1, pinned_until = greatest(pinned_until, $4)
     WHERE key = (SELECT key FROM live) AND NOT deleting RETURNING key
   ), made AS (
     INSERT INTO blobs (key, sha256, bytes, pins, pinned_until)
     SELECT $1, $2, $3::bigint, 1, $4::bigint WHERE NOT EXISTS (SELECT FROM live)
     ON CONFLICT (key) DO UPDATE SET pins = blobs.pins + 1,
       pinned_until = greatest(blobs.pinned_until, excluded.pinned_until) WHERE NOT blobs.deleting
     RETURNING key
   ) SELECT key FROM pinned UNION ALL SELECT key FROM made`,
);
const keepPinned = statement(
  "keep_pinned",
  `UPDATE blobs SET pinned_until = greatest(pinned_until, $2) WHERE key IN (
     SELECT key FROM blobs WHERE key = ANY($1::text[]) AND pins > 0 AND NOT deleting ORDER BY key FOR NO KEY UPDATE)`,
);
const unpin = statement(
  "unpin",
  `WITH locked AS MATERIALIZED (
     SELECT key FROM blobs WHERE key = ANY($1::text[]) ORDER BY key FOR NO KEY UPDATE
   ), u AS (
     SELECT key, count(*)::int AS n FROM unnest($1::text[]) AS k (key) JOIN locked USING (key) GROUP BY key
   ) UPDATE blobs SET pins = greatest(0, pins - u.n),
     pinned_until = CASE WHEN pins <= u.n THEN 0 ELSE pinned_until END FROM u WHERE blobs.key = u.key`,
);
const unused = statement(
  "lock_unused",
  `SELECT key FROM blobs WHERE NOT referenced AND NOT deleting AND pinned_until <= $1
   LIMIT $2 FOR UPDATE SKIP LOCKED`,
);
// Checked under the lock, to see a job that has just referred to it.
const mark = statement(
  "mark_deleting",
  `UPDATE blobs SET deleting = true WHERE key = ANY($1::text[]) AND NOT referenced AND NOT deleting
   AND pinned_until <= $2`,
);
const deleting = statement("deleting", "SELECT key FROM blobs WHERE deleting LIMIT $1");
const forget = statement(
  "forget_blobs",
  `DELETE FROM blobs WHERE deleting AND key IN (
     SELECT key FROM blobs WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE)`,
);
const renew = statement(
  "renew",
  `UPDATE tasks AS t SET wake_at = $4
   FROM (
     SELECT u.* FROM unnest($1::uuid[], $2::int[], $3::text[]) AS u (job_id, item, lease)
     JOIN tasks AS held ON held.job_id = u.job_id AND held.item = u.item
     ORDER BY u.job_id, u.item FOR NO KEY UPDATE OF held
   ) AS u
   WHERE t.job_id = u.job_id AND t.item = u.item AND t.state = 'leased' AND t.lease = u.lease
   RETURNING t.job_id || '.' || t.item || ' ' || t.lease AS held`,
);

type Names = "pin" | "keepPinned" | "unpin" | "collect" | "forget" | "renew";

/** Writes outside the ledger's rules: each is one statement, or two, that is consistent by itself. */
export function files(pool: pg.Pool, clock: ServerClock): Pick<Store, Names> {
  const collect = async (now: number, limit: number): Promise<string[]> => {
    const client = await pool.connect();
    let failed = true;
    try {
      await client.query("BEGIN");
      const { rows } = await client.query(unused([now, limit]));
      const keys = rows.map((row) => row.key as string);
      const [, marked] = await pipeline(client, () => [
        client.query(mark([keys, now])),
        client.query(deleting([limit])),
        client.query("COMMIT"),
      ]);
      failed = false;
      return marked.rows.map((row) => row.key as string);
    } finally {
      client.release(failed);
    }
  };

  return {
    async pin({ key, sha256, bytes, until }) {
      for (;;) {
        const { rows } = await asking(() => pool.query(pin([key, sha256, bytes, until, clock.now()])));
        // No row: what was live is being collected now, so it is no longer live on the next try.
        if (rows.length > 0) return { key: rows[0].key as string };
      }
    },

    async keepPinned({ keys, until }) {
      await asking(() => pool.query(keepPinned([keys, until])));
    },

    async unpin({ keys }) {
      await asking(() => pool.query(unpin([keys])));
    },

    collect: ({ now, limit }) => asking(() => collect(now, limit)),

    async forget({ keys }) {
      await asking(() => pool.query(forget([keys])));
    },

    async renew({ leases, until }) {
      const taskKeys = leases.map(({ taskId }) => {
        const taskKey = parseTaskId(taskId);
        return taskKey && isUuid(taskKey.jobId) ? taskKey : null;
      });
      const valid = leases.map((one, n) => ({ ...one, taskKey: taskKeys[n]! })).filter((one) => one.taskKey);
      const values = [
        valid.map((one) => one.taskKey.jobId),
        valid.map((one) => one.taskKey.item),
        valid.map((one) => one.lease),
        until,
      ];
      const { rows } = await asking(() => pool.query(renew(values)));
      const held = new Set(rows.map((row) => row.held as string));
      const lost = leases.filter(({ lease }, n) => {
        const taskKey = taskKeys[n];
        return !taskKey || !held.has(`${taskKey.jobId}.${taskKey.item} ${lease}`);
      });
      return { lost: lost.map((one) => one.lease) };
    },
  };
}
