import type { Migration } from "./migration.ts";

export const shares: Migration = {
  name: "0013-shares",
  tables: ["shares"],
  sqlite: `
    CREATE TABLE shares (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      job_id TEXT NOT NULL,
      artifact_id TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX shares_job ON shares (owner, job_id, id);
    CREATE INDEX shares_expiry ON shares (expires_at);
  `,
  postgres: `
    CREATE TABLE shares (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      job_id text COLLATE "C" NOT NULL,
      artifact_id text COLLATE "C",
      created_at bigint NOT NULL,
      expires_at bigint NOT NULL
    );
    CREATE INDEX shares_job ON shares (owner, job_id, id);
    CREATE INDEX shares_expiry ON shares (expires_at);
  `,
};
