import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { postgresIndex } from "../search/postgres-index.ts";
import type { Records } from "./open.ts";
import { makeTables } from "./schema.ts";
import type { Tables } from "./tables.ts";

/** Key of this application's advisory lock. */
const LOCK = 4_200_118_005;
/** Connections per process. */
const CONNECTIONS = 4;

export async function openPostgres(url: string): Promise<Records> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, allowExitOnIdle: true });
  // If an idle connection breaks, the next query opens another one.
  pool.on("error", () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const records: Records = {
    kind: "postgres",
    db,
    index: postgresIndex,
    change: (run) =>
      db.transaction().execute(async (change) => {
        await sql`select pg_advisory_xact_lock(${LOCK})`.execute(change);
        const { rows } = await sql<{ now: number }>`
          select (extract(epoch from clock_timestamp()) * 1000)::float8 as now
        `.execute(change);
        return run(change, rows[0]!.now);
      }),
    close: () => db.destroy(),
  };
  await records.change(async (change) => {
    await makeTables(change, { counting: "bigserial", real: "double precision" });
    await postgresIndex.make(change);
  });
  return records;
}
