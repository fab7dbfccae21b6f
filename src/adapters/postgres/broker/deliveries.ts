import type pg from "pg";
import { unheld } from "../locks.ts";
import { statement } from "../statement.ts";

const insert = statement(
  "publish",
  `INSERT INTO deliveries (queue, id, payload) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`,
);

/** Publishes messages to the broker in the same schema. */
export function publishDeliveries(
  messages: readonly { queue: string; id: string; payload: string }[],
): pg.QueryConfig {
  return insert([
    messages.map((one) => one.queue),
    messages.map((one) => one.id),
    messages.map((one) => one.payload),
  ]);
}

export interface DeliveryRow {
  seq: number;
  queue: string;
  id: string;
  payload: string;
  count: number;
}

/**
 * Takes up to $3[n] messages of the queue $2[n] for the holder $1, in order of arrival. Only messages of older
 * processes differ in priority.
 */
export const takeDeliveries = statement(
  "take",
  `UPDATE deliveries AS d SET holder = $1, count = count + 1
   FROM (
     SELECT waiting.seq FROM unnest($2::text[], $3::int[]) AS q (name, wanted)
     CROSS JOIN LATERAL (
       SELECT w.seq FROM deliveries w WHERE w.queue = q.name AND w.holder IS NULL
       ORDER BY w.priority DESC, w.seq LIMIT q.wanted FOR UPDATE SKIP LOCKED
     ) AS waiting
   ) AS chosen
   WHERE d.seq = chosen.seq
   RETURNING d.seq, d.queue, d.id, d.payload, d.count`,
);

const held = "unnest($1::bigint[], $2::int[]) AS u (seq, holder) WHERE d.seq = u.seq AND d.holder = u.holder";

export const acknowledge = statement("ack", `DELETE FROM deliveries AS d USING ${held} RETURNING d.seq`);
/** Moves it to the end of the queue, so that one that always fails holds up no other. */
export const giveBack = statement(
  "retry",
  `WITH back AS (DELETE FROM deliveries AS d USING ${held} RETURNING d.*), again AS (
     INSERT INTO deliveries (queue, priority, count, id, payload)
     SELECT queue, priority, count, id, payload FROM back ORDER BY seq
   ) SELECT seq FROM back`,
);
export const bury = statement(
  "reject",
  `WITH gone AS (DELETE FROM deliveries AS d USING ${held} RETURNING d.*), kept AS (
     INSERT INTO dead_deliveries (queue, id, payload) SELECT queue, id, payload FROM gone ORDER BY seq
   ) SELECT seq FROM gone`,
);

/** Releases deliveries of holders whose connection has ended; one process at a time does so. */
export const releaseOrphans = statement(
  "release_orphans",
  `UPDATE deliveries SET holder = NULL WHERE holder IS NOT NULL AND holder IN (
     SELECT holders.holder FROM (SELECT DISTINCT holder FROM deliveries WHERE holder IS NOT NULL) AS holders
     WHERE ${unheld("broker", "holders.holder")}
   ) RETURNING queue`,
);
/** Releases what the holder $1 has besides the deliveries $2. */
export const releaseStrays = statement(
  "release_strays",
  "UPDATE deliveries SET holder = NULL WHERE holder = $1 AND seq <> ALL($2::bigint[])",
);
export const releaseMine = statement("release_mine", "UPDATE deliveries SET holder = NULL WHERE holder = $1");

export const depth = statement(
  "broker_depth",
  "SELECT count(*) AS n FROM deliveries WHERE queue = $1 AND holder IS NULL",
);
export const deadLetters = statement(
  "broker_dead_letters",
  "SELECT id, payload FROM dead_deliveries WHERE queue = $1 ORDER BY seq LIMIT $2",
);
