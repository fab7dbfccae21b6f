import type { Migration } from "./migration.ts";

export const notifyCalls: Migration = {
  name: "0037-notify-calls",
  tables: ["notify_calls"],
  sqlite: `
    CREATE TABLE notify_calls (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      job_id TEXT NOT NULL,
      type TEXT NOT NULL,
      at INTEGER NOT NULL,
      url TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE notify_calls (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      job_id text COLLATE "C" NOT NULL,
      type text NOT NULL,
      at bigint NOT NULL,
      url text NOT NULL
    );
  `,
};
