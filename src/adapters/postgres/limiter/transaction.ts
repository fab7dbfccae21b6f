import type pg from "pg";
import { type BudgetRecord, type BudgetRecords, FULL, type HoldRecord } from "../../../domain/budgets.ts";
import { isOutage, pipeline } from "../connection.ts";
import { statement } from "../statement.ts";

/** A call that the server has not answered within this time has failed. */
const ANSWER_MS = 3_000;

// The condition is never true: an existing budget is locked but not changed. Every transaction locks in the same order.
const lock = statement(
  "lock budgets",
  `INSERT INTO budgets (key) SELECT key FROM unnest($1::text[]) AS u (key) ORDER BY key COLLATE "C"
   ON CONFLICT (key) DO UPDATE SET used = budgets.used WHERE false`,
);
/** Reads the time while holding the locks. */
const read = statement(
  "read budgets",
  `SELECT key, used, at, left_over, until, learned, pace, paced_at, holds, idle_at,
     (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
   FROM budgets WHERE key = ANY($1)`,
);
const write = statement(
  "write budgets",
  `UPDATE budgets b SET used = u.used, at = u.at, left_over = u.left_over, until = u.until,
     learned = u.learned, pace = u.pace, paced_at = u.paced_at, holds = u.holds,
     idle_at = u.idle_at, idle_second = u.idle_second
   FROM unnest($1::text[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[],
       $8::float8[], $9::json[], $10::float8[], $11::bigint[])
     AS u (key, used, at, left_over, until, learned, pace, paced_at, holds, idle_at, idle_second)
   WHERE b.key = u.key`,
);
const sweep = statement(
  "sweep budgets",
  `DELETE FROM budgets WHERE key IN (
     SELECT key FROM budgets WHERE idle_second < extract(epoch FROM clock_timestamp())::bigint
     ORDER BY idle_second LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
);

/** A caller's change to the budgets with these keys. */
export interface Change {
  keys: string[];
  run(records: BudgetRecords, now: number): unknown;
}

/** Runs the changes in order in one transaction; resolves to the return value of each. */
export async function transact(
  pool: pg.Pool,
  changes: readonly Change[],
  sweeps: boolean,
): Promise<unknown[]> {
  const keys = [...new Set(changes.flatMap((change) => change.keys))];
  const client = await pool.connect();
  let broken = false;
  try {
    const [, , { rows }] = await pipeline(client, () => [
      client.query(soon({ text: "BEGIN ISOLATION LEVEL READ COMMITTED" })),
      client.query(soon(lock([keys]))),
      client.query<Row>(soon(read([keys]))),
    ]);
    const before: BudgetRecords = new Map(rows.map((row) => [row.key, recordOf(row)]));
    const records = new Map(before);
    const values = changes.map((change) => change.run(records, rows[0]?.now ?? 0));
    const changed = keys.filter((key) => records.get(key) !== before.get(key));
    await pipeline(client, () => [
      ...(changed.length > 0 ? [client.query(soon(write(columnsOf(changed, records))))] : []),
      ...(sweeps ? [client.query(soon(sweep()))] : []),
      client.query(soon({ text: "COMMIT" })),
    ]);
    return values;
  } catch (error) {
    broken = isOutage(error);
    if (!broken) await client.query("ROLLBACK").catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The client closes a connection whose answer is overdue. */
export function soon(query: pg.QueryConfig): pg.QueryConfig {
  return { ...query, query_timeout: ANSWER_MS } as pg.QueryConfig;
}

interface Row {
  key: string;
  used: number;
  at: number;
  left_over: number;
  until: number;
  learned: number | null;
  pace: number;
  paced_at: number;
  /** JSON. */
  holds: string | null;
  idle_at: number;
  now: number;
}

function recordOf(row: Row): BudgetRecord {
  const { used, at, left_over: left, until, learned, pace, paced_at: pacedAt, idle_at: idleAt } = row;
  const holds = row.holds === null ? null : (JSON.parse(row.holds) as HoldRecord);
  return { used, at, left, until, learned, pace, pacedAt, holds, idleAt };
}

function columnsOf(keys: readonly string[], records: BudgetRecords): unknown[] {
  // A budget without a record is full: its row is swept like any other idle one.
  const all = keys.map((key) => records.get(key) ?? FULL);
  return [
    keys,
    all.map(({ used }) => used),
    all.map(({ at }) => at),
    all.map(({ left }) => left),
    all.map(({ until }) => until),
    all.map(({ learned }) => learned),
    all.map(({ pace }) => pace),
    all.map(({ pacedAt }) => pacedAt),
    all.map(({ holds }) => holds && JSON.stringify(holds)),
    all.map(({ idleAt }) => idleAt),
    // In whole seconds, so that few updates touch the index.
    all.map(({ idleAt }) => Math.ceil(idleAt / 1_000)),
  ];
}
