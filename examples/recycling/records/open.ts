import { resolve } from "node:path";
import { type Dialect, Kysely, PostgresDialect, sql } from "kysely";
import { sqliteDialect } from "./sqlite.ts";
import { createTables, type Tables } from "./tables.ts";

export type Records = Kysely<Tables>;

/** The app's own records, separate from Millrace's: `sqlite:PATH` or `postgres://…`. */
const url = () => process.env.RECYCLING_DATABASE ?? "sqlite:data/recycling.db";

let opening: Promise<Records> | null = null;

/** The records of this process, opened on first use. Retries after a failure. */
export function records(): Promise<Records> {
  opening ??= openRecords(url()).catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

export async function openRecords(where: string): Promise<Records> {
  if (where.startsWith("sqlite:")) {
    const database = new Kysely<Tables>({ dialect: sqliteDialect(resolve(where.slice("sqlite:".length))) });
    await createTables(database);
    return database;
  }
  const database = new Kysely<Tables>({ dialect: await postgresDialect(where) });
  // "IF NOT EXISTS" is not safe if two processes create a table at the same time.
  await database.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('recycling tables'))`.execute(transaction);
    await createTables(transaction);
  });
  return database;
}

async function postgresDialect(where: string): Promise<Dialect> {
  const { default: pg } = await import("pg");
  // Times are in milliseconds, which numbers represent exactly.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  return new PostgresDialect({ pool: new pg.Pool({ connectionString: where, max: 4 }) });
}
