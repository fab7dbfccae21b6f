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
      throw new MillraceError("internal", "Streaming is not supported. Read the records page by page.");
    },
  };
  const refuse = async () => {
    throw new MillraceError("internal", "Interactive transactions are not supported. Send a batch.");
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
        throw new MillraceError(
          "internal",
          "Introspection is not supported. src/database/tables.ts defines the tables.",
        );
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
    throw new MillraceError("internal", `Columns hold text, numbers and null, not ${typeof value}.`);
  }
  if (!value.includes("\0")) return value;
  throw new MillraceError(
    "invalid_request",
    "The text contains the character U+0000, which cannot be stored.",
  );
}
