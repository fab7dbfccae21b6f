import { PostgresAdapter, PostgresQueryCompiler } from "kysely";
import type pg from "pg";
import { databaseOf } from "../../database/dialect.ts";
import { type Statement, tooManyRows } from "../../database/statement.ts";
import type { Tables } from "../../database/tables.ts";
import { MillraceError } from "../../errors.ts";
import { type Answer, type Database, MAX_ROWS } from "../../ports/database.ts";
import { asking, isOutage, pipeline, targetOf } from "./connection.ts";
import { openSchema } from "./schema.ts";

const CONNECTIONS = 4;
const UNIQUE_VIOLATION = "23505";

/** The cold records, in the store's schema. Connections are opened as needed. */
export async function openPostgresDatabase(url: string): Promise<Database<Tables>> {
  const pool = await openSchema(targetOf(url), "database", CONNECTIONS);
  let closing: Promise<void> | null = null;
  return databaseOf({
    name: "postgres",
    compiler: () => new PostgresQueryCompiler(),
    adapter: () => new PostgresAdapter(),
    async run(statements) {
      if (closing) throw new MillraceError("closed", "The connection to PostgreSQL is closed.");
      return asking(() => attempt(pool, statements));
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  });
}

async function attempt(pool: pg.Pool, statements: Statement[]): Promise<Answer[]> {
  try {
    const [only, ...others] = statements;
    if (others.length > 0 || only!.returns) return await transact(pool, statements);
    return [answerOf(await pool.query(only!.text, only!.values))];
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error;
    throw new MillraceError("already_exists", "This record already exists.", { cause: error });
  }
}

async function transact(pool: pg.Pool, statements: Statement[]): Promise<Answer[]> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    const [, ...results] = await pipeline(client, () => [
      client.query("BEGIN"),
      ...statements.map(({ text, values }) => client.query(text, values)),
    ]);
    // Before the commit, so that a rejected batch has no effect.
    const answers = results.map(answerOf);
    await client.query("COMMIT");
    return answers;
  } catch (error) {
    isBroken = isOutage(error);
    if (!isBroken) await client.query("ROLLBACK").catch(() => (isBroken = true));
    throw error;
  } finally {
    client.release(isBroken);
  }
}

function answerOf({ rows, rowCount }: pg.QueryResult): Answer {
  if (rows.length > MAX_ROWS) throw tooManyRows();
  return { rows, changes: rowCount ?? 0 };
}
