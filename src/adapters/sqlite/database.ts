import { SqliteAdapter, SqliteQueryCompiler } from "kysely";
import { databaseOf } from "../../database/dialect.ts";
import type { Tables } from "../../database/tables.ts";
import type { Answer, Database } from "../../ports/database.ts";
import type { Client } from "./client.ts";

/**
 * Kysely's own adapter would run one statement at a time, because it assumes a single connection; here none is shared.
 */
class WriterAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/** The cold records, through the writer: it runs compiled statements, each call as part of its current transaction. */
export function sqliteDatabase(client: Client): Database<Tables> {
  return databaseOf({
    name: "sqlite",
    compiler: () => new SqliteQueryCompiler(),
    adapter: () => new WriterAdapter(),
    run(statements) {
      const [first, ...others] = statements;
      const kind = others.every((one) => one.kind === first!.kind) ? first!.kind : "write";
      return client.call<Answer[]>(
        `database.${kind}`,
        statements.map(({ text, values }) => [text, values]),
      );
    },
    close: () => client.close(),
  });
}
