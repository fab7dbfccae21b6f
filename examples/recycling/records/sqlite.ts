import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { SqliteDialect } from "kysely";

/** How long a statement waits for other processes that write to the file. */
const BUSY_MS = 10_000;

/** Kysely's SQLite dialect for Node's built-in SQLite. */
export function sqliteDialect(path: string): SqliteDialect {
  mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path, { timeout: BUSY_MS });
  // Readers and the writer do not block each other, and commits survive a power failure.
  file.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  return new SqliteDialect({
    database: {
      close: () => file.close(),
      prepare(sql) {
        const statement = file.prepare(sql);
        const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => statement.all(...values(parameters)),
          run: (parameters) => statement.run(...values(parameters)),
          iterate: (parameters) => statement.iterate(...values(parameters)),
        };
      },
    },
  });
}
