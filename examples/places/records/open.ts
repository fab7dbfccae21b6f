import type { Kysely, Transaction } from "kysely";
import type { SearchIndex } from "../search/search-index.ts";
import type { Tables } from "./tables.ts";

export type Change = Transaction<Tables>;

/** The application's own records, in SQLite or PostgreSQL. */
export interface Records {
  readonly kind: "sqlite" | "postgres";
  /** For reading only. */
  readonly db: Kysely<Tables>;
  readonly index: SearchIndex;
  /**
   * Runs a transaction. Only one runs at a time, over all processes, so data that a decision has read cannot change
   * before it writes. Keep it short.
   * @param run receives the database's time in ms
   */
  change<T>(run: (change: Change, now: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens the records and creates missing tables. @param url `sqlite:PATH` or `postgres://…` */
export async function openRecords(url: string): Promise<Records> {
  if (url.startsWith("sqlite:")) {
    const { openSqlite } = await import("./sqlite.ts");
    return openSqlite(url.slice("sqlite:".length));
  }
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres(url);
}

let shared: Promise<Records> | null = null;

/** The records of this process: `PLACES_RECORDS`, or by default a file in the data folder. */
export function records(): Promise<Records> {
  const { PLACES_RECORDS: url, MILLRACE_DATA: folder = "data" } = process.env;
  shared ??= openRecords(url ?? `sqlite:${folder}/places.db`).catch((error) => {
    shared = null;
    throw error;
  });
  return shared;
}
