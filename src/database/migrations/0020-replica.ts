import type { Migration } from "./migration.ts";

/** Maps that every process keeps in memory: one row per key, with the version of its last change. */
export const replica: Migration = {
  name: "0020-replica",
  tables: ["replica_heads", "replica_entries"],
  sqlite: `
    CREATE TABLE replica_heads (
      map TEXT PRIMARY KEY,
      epoch TEXT NOT NULL,
      version INTEGER NOT NULL,
      floor INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE replica_entries (
      map TEXT NOT NULL,
      key TEXT NOT NULL,
      version INTEGER NOT NULL,
      value TEXT NOT NULL,
      deleted INTEGER NOT NULL,
      expires_at INTEGER,
      PRIMARY KEY (map, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX replica_entries_log ON replica_entries (map, version);
    CREATE INDEX replica_entries_expiry ON replica_entries (expires_at) WHERE expires_at IS NOT NULL;
  `,
  postgres: `
    CREATE TABLE replica_heads (
      map text COLLATE "C" PRIMARY KEY,
      epoch text NOT NULL,
      version bigint NOT NULL,
      floor bigint NOT NULL
    ) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0.02);
    CREATE TABLE replica_entries (
      map text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      version bigint NOT NULL,
      value text NOT NULL,
      deleted integer NOT NULL,
      expires_at bigint,
      PRIMARY KEY (map, key)
    ) WITH (autovacuum_vacuum_scale_factor = 0.05);
    CREATE INDEX replica_entries_log ON replica_entries (map, version);
    CREATE INDEX replica_entries_expiry ON replica_entries (expires_at) WHERE expires_at IS NOT NULL;
  `,
};
