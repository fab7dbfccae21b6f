/**
 * One change to the cold tables. It may only expand them, because processes of the previous version may still be
 * running. Never change it once released: each installation runs it once.
 */
export interface Migration {
  /** Unique forever. Names are numbered, because migrations run in name order. */
  name: string;
  /** The tables that it creates. On SQLite, statements of the `Database` port may touch no others. */
  tables: readonly string[];
  sqlite: string;
  postgres: string;
}
