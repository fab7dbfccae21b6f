import type { Migration } from "./migration.ts";

/** Files with a public URL. */
export const publications: Migration = {
  name: "0051-publications",
  tables: ["publications"],
  sqlite: `
    CREATE TABLE publications (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      job_id TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      blob TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      name TEXT NOT NULL,
      media_type TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      pinned INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX publications_content ON publications (sha256);
    CREATE INDEX publications_owners ON publications (owner, id);
    CREATE INDEX publications_jobs ON publications (job_id);
  `,
  postgres: `
    CREATE TABLE publications (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      job_id text COLLATE "C" NOT NULL,
      sha256 text COLLATE "C" NOT NULL,
      blob text COLLATE "C" NOT NULL,
      bytes bigint NOT NULL,
      name text NOT NULL,
      media_type text NOT NULL,
      created_at bigint NOT NULL,
      pinned integer NOT NULL
    );
    CREATE INDEX publications_content ON publications (sha256);
    CREATE INDEX publications_owners ON publications (owner, id);
    CREATE INDEX publications_jobs ON publications (job_id);
  `,
};
