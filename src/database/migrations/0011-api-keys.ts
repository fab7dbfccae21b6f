import type { Migration } from "./migration.ts";

export const apiKeys: Migration = {
  name: "0011-api-keys",
  tables: ["api_keys"],
  sqlite: `
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      name TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      hint TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_keys_user ON api_keys (user_id, id);
  `,
  postgres: `
    CREATE TABLE api_keys (
      id text COLLATE "C" PRIMARY KEY,
      user_id text COLLATE "C" NOT NULL,
      name text NOT NULL,
      hash text COLLATE "C" NOT NULL UNIQUE,
      hint text NOT NULL,
      scopes text NOT NULL,
      created_at bigint NOT NULL,
      expires_at bigint,
      last_used_at bigint
    );
    CREATE INDEX api_keys_user ON api_keys (user_id, id);
  `,
};
