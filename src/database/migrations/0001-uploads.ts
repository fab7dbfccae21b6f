import type { Migration } from "./migration.ts";

/** Installations older than these migrations keep their existing table. */
export const uploads: Migration = {
  name: "0001-uploads",
  tables: ["uploads"],
  sqlite: `
    CREATE TABLE IF NOT EXISTS uploads (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS uploads_expiry ON uploads (expires_at);
  `,
  postgres: `
    CREATE TABLE IF NOT EXISTS uploads (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      expires_at bigint NOT NULL,
      body json NOT NULL
    );
    CREATE INDEX IF NOT EXISTS uploads_expiry ON uploads (expires_at);
  `,
};
