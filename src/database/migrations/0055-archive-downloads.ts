import type { Migration } from "./migration.ts";

/** When the archive of a job was last downloaded. */
export const archiveDownloads: Migration = {
  name: "0055-archive-downloads",
  tables: ["archive_downloads"],
  sqlite: `
    CREATE TABLE archive_downloads (
      job_id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      at INTEGER NOT NULL,
      forget_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX archive_downloads_owners ON archive_downloads (owner);
    CREATE INDEX archive_downloads_forget ON archive_downloads (forget_at);
  `,
  postgres: `
    CREATE TABLE archive_downloads (
      job_id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      at bigint NOT NULL,
      forget_at bigint NOT NULL
    );
    CREATE INDEX archive_downloads_owners ON archive_downloads (owner);
    CREATE INDEX archive_downloads_forget ON archive_downloads (forget_at);
  `,
};
