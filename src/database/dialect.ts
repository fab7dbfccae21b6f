import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  Kysely,
  type QueryCompiler,
} from "kysely";
import { MillraceError } from "../errors.ts";
import type { Answer, Answers, Database } from "../ports/database.ts";
import type { Statement, Value } from "./statement.ts";

/** What differs between the SQL of the stores. */
export interface DatabaseParts {
  name: string;
  compiler(): QueryCompiler;
  adapter(): DialectAdapter;
  /** Runs statements as one atomic change, and returns an answer for each. */
  run(statements: Statement[]): Promise<Answer[]>;
  close(): Promise<void>;
}

/** Kysely over any runner of compiled statements. It holds no connection, so callers never wait for each other's. */
export function databaseOf<Tables>(parts: DatabaseParts): Database<Tables> {
  const connection: DatabaseConnection = {
    async executeQuery<Row>(query: CompiledQuery) {
      const [answer] = await parts.run([statementOf(query)]);
      return { rows: answer!.rows as Row[], numAffectedRows: BigInt(answer!.changes) };
    },
    streamQuery() {
      throw new MillraceError("internal", "Records are not streamed: read them page by page.");
    },
  };
  const refuse = async () => {
    throw new MillraceError("internal", "There are no interactive transactions: send a batch.");
  };
  const db = new Kysely<Tables>({
    dialect: {
      createQueryCompiler: parts.compiler,
      createAdapter: parts.adapter,
      createDriver: () => ({
        init: async () => {},
        acquireConnection: async () => connection,
        beginTransaction: refuse,
        commitTransaction: refuse,
        rollbackTransaction: refuse,
        releaseConnection: async () => {},
        destroy: async () => {},
      }),
      createIntrospector() {
        throw new MillraceError("internal", "The tables are those of src/database/tables.ts.");
      },
    },
  });
  return {
    name: parts.name,
    db,
    async batch(queries) {
      if (queries.length === 0) return [] as never;
      const answers = await parts.run(queries.map((query) => statementOf(query.compile())));
      return answers as Answers<typeof queries>;
    },
    close: parts.close,
  };
}

function statementOf({ query, sql, parameters }: CompiledQuery): Statement {
  const kinds: Record<string, Statement["kind"]> = { SelectQueryNode: "read", DeleteQueryNode: "delete" };
  return {
    kind: kinds[query.kind] ?? "write",
    text: sql,
    values: parameters.map(checked),
    returns: "returning" in query && query.returning !== undefined,
  };
}

function checked(value: unknown): Value {
  if (value === null || (typeof value === "number" && Number.isFinite(value))) return value;
  if (typeof value !== "string") {
    throw new MillraceError("internal", `Columns hold text, numbers and null, and no ${typeof value}.`);
  }
  if (!value.includes("\0")) return value;
  throw new MillraceError(
    "invalid_request",
    "The text holds the character U+0000, which no record can keep.",
  );
}
