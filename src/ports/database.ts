import type { Compilable, Kysely } from "kysely";

/** Most rows in one answer; a larger answer is refused. Read long lists page by page. */
export const MAX_ROWS = 10_000;

/**
 * Cold records: everything outside the job ledger and its rules. One repository in `src/database/` serves every store
 * through this port. Columns hold text, numbers and `null`, which all stores treat alike; a flag is a number or a
 * nullable time, and a structure is JSON text.
 *
 * Each statement is one atomic change, durable when its promise resolves. There are no interactive transactions:
 * `db.transaction()` rejects. To decide by what you read, repeat the condition in the `where` of the change, and read
 * again if no row changed: of several racing writers, one wins.
 *
 * Rejects with `already_exists` when a unique key is taken, `invalid_request` for text that contains U+0000,
 * `payload_too_large` for an answer of more than `MAX_ROWS` rows, `storage_full`, and `unavailable` or `closed` when
 * the store does not answer. In the last two cases the change may or may not have happened.
 */
export interface Database<Tables> {
  readonly name: string;
  readonly db: Kysely<Tables>;
  /**
   * Runs all statements in order as one change: if one fails, none takes effect. Each sees the effects of those before
   * it. A condition that matches nothing is not a failure.
   */
  batch<const Queries extends readonly Compilable[]>(queries: Queries): Promise<Answers<Queries>>;
  close(): Promise<void>;
}

export type Answers<Queries extends readonly Compilable[]> = {
  [Index in keyof Queries]: Answer<Queries[Index] extends Compilable<infer Row> ? Row : never>;
};

export interface Answer<Row = unknown> {
  /** Rows of a `select`, or of `returning`. */
  rows: Row[];
  /** Rows inserted, updated or deleted. */
  changes: number;
}
