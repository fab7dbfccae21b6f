import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { sqliteIndex } from "../search/sqlite-index.ts";
import type { Records } from "./open.ts";
import { makeTables } from "./schema.ts";
import type { Tables } from "./tables.ts";

/** How long a change waits for another process. */
const BUSY_MS = 10_000;

export async function openSqlite(path: string): Promise<Records> {
  mkdirSync(dirname(path), { recursive: true });
  const file = new DatabaseSync(path);
  file.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
  const db = new Kysely<Tables>({ dialect: dialect(file) });
  const records: Records = {
    kind: "sqlite",
    db,
    index: sqliteIndex,
    change: (run) => db.transaction().execute((change) => run(change, Date.now())),
    close: () => db.destroy(),
  };
  await records.change(async (change) => {
    await makeTables(change, { counting: "integer", real: "double precision" });
    await sqliteIndex.make(change);
  });
  return records;
}

/** A Kysely dialect for Node's built-in SQLite. */
function dialect(file: DatabaseSync): Dialect {
  const database = {
    close: () => file.close(),
    prepare(text: string) {
      const statement = file.prepare(text);
      const plain = (values: readonly unknown[]) => values as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (values: readonly unknown[]) => statement.all(...plain(values)),
        run: (values: readonly unknown[]) => statement.run(...plain(values)),
        iterate: (values: readonly unknown[]) => statement.iterate(...plain(values)),
      };
    },
  };
  return {
    createDriver: () => new Driver({ database }),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Takes the write lock right away. Upgrading a read transaction fails if another process has written meanwhile. */
class Driver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}
