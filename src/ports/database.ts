import type { Compilable, Kysely } from "kysely";

/** Rows of one answer; more is refused. Lists are read page by page. */
export const MAX_ROWS = 10_000;

/**
 * The cold records: everything that needs none of the ledger's rules. One repository in `src/database/`
 * serves every store through this port. Columns hold text, numbers and `null`, which all stores keep alike;
 * a flag is a number or a time that may be `null`, and a structure is JSON text.
 *
 * Every statement is one atomic change, and durable when its promise resolves. There are no interactive
 * transactions: `db.transaction()` rejects. Whoever decides by what it has read puts that into the `where` of
 * its change, and reads again when no row was changed: of several that race, one wins.
 *
 * Rejects with `already_exists` when a unique key is taken, `invalid_request` for text that holds U+0000,
 * `payload_too_large` for an answer of more than `MAX_ROWS`, `storage_full`, and `unavailable` or `closed` while
 * nobody answers: then whether the change was made is not known.
 */
export interface Database<Tables> {
  readonly name: string;
  readonly db: Kysely<Tables>;
  /**
   * Runs all of the statements, in their order, as one change: when one fails, none has happened. Each sees what those before it
   * did. A condition that matches nothing is no failure.
   */
  batch<const Queries extends readonly Compilable[]>(queries: Queries): Promise<Answers<Queries>>;
  close(): Promise<void>;
}

export type Answers<Queries extends readonly Compilable[]> = {
  [Index in keyof Queries]: Answer<Queries[Index] extends Compilable<infer Row> ? Row : never>;
};

export interface Answer<Row = unknown> {
  /** Of a `select`, or of `returning`. */
  rows: Row[];
  /** Rows that were inserted, updated or deleted. */
  changes: number;
}
