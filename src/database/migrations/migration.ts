/**
 * One step in the life of the cold tables. It only expands them, since processes of the version before may
 * still be at work. Once released it stays as it is: each installation runs it once.
 */
export interface Migration {
  /** Unique for ever; numbered, as they run in this order. */
  name: string;
  /** The tables that it makes. On SQLite, statements of the `Database` port may touch no others. */
  tables: readonly string[];
  sqlite: string;
  postgres: string;
}
