import { constants, type DatabaseSync, type StatementSync } from "node:sqlite";
import { migrations } from "../../database/migrations/index.ts";
import { tooManyRows, type Value } from "../../database/statement.ts";
import { type Answer, MAX_ROWS } from "../../ports/database.ts";
import { Refusal, wireError } from "./faults.ts";

type SentStatement = [text: string, values: Value[]];

/** Most prepared statements kept; the least recently used are dropped. */
const KEPT_STATEMENTS = 200;

const { SQLITE_OK, SQLITE_DENY, ...actions } = constants;
const always: readonly number[] = [actions.SQLITE_SELECT, actions.SQLITE_FUNCTION, actions.SQLITE_RECURSIVE];
const onTables: readonly number[] = [
  actions.SQLITE_READ,
  actions.SQLITE_INSERT,
  actions.SQLITE_UPDATE,
  actions.SQLITE_DELETE,
];

/**
 * Runs the statements of the `Database` port. They may touch only the cold tables: the ledger's records change only
 * through its rules, and no statement opens other files or changes settings.
 */
function runner(db: DatabaseSync): (statement: SentStatement) => Answer {
  const tables = new Set(migrations.flatMap((migration) => migration.tables));
  const prepared = new Map<string, StatementSync>();
  let isJudging = false;
  db.setAuthorizer((action, table) => {
    const allowed = always.includes(action) || (onTables.includes(action) && tables.has(table ?? ""));
    return !isJudging || allowed ? SQLITE_OK : SQLITE_DENY;
  });

  const prepare = (text: string): StatementSync => {
    const known = prepared.get(text);
    prepared.delete(text);
    isJudging = true;
    try {
      const statement = known ?? db.prepare(text);
      prepared.set(text, statement);
      if (prepared.size > KEPT_STATEMENTS) prepared.delete(prepared.keys().next().value!);
      return statement;
    } finally {
      isJudging = false;
    }
  };

  return ([text, values]) => {
    const statement = prepare(text);
    if (statement.columns().length === 0)
      return { rows: [], changes: Number(statement.run(...values).changes) };
    const rows: unknown[] = [];
    for (const row of statement.iterate(...values)) {
      if (rows.push(row) > MAX_ROWS) throw tooManyRows();
    }
    return { rows, changes: rows.length };
  };
}

/** For the reader. */
export function coldReads(db: DatabaseSync) {
  const run = runner(db);
  return { "database.read": (statements: unknown) => (statements as SentStatement[]).map(run) };
}

/** For the writer. */
export function coldWrites(db: DatabaseSync) {
  const run = runner(db);
  /** Applies all of it or nothing, independent of the rest of the writer's transaction. */
  const change = (statements: unknown): Answer[] | Refusal => {
    db.exec("SAVEPOINT cold");
    try {
      const answers = (statements as SentStatement[]).map(run);
      db.exec("RELEASE cold");
      return answers;
    } catch (error) {
      const wire = wireError(error);
      // A full disk concerns everybody.
      if (wire.code === "storage_full" || !db.isTransaction) throw error;
      db.exec("ROLLBACK TO cold; RELEASE cold");
      return new Refusal(wire);
    }
  };
  return { "database.write": change, "database.delete": change };
}
