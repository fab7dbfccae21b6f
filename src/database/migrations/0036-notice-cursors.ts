import type { Migration } from "./migration.ts";

export const noticeCursors: Migration = {
  name: "0036-notice-cursors",
  tables: ["notice_cursors"],
  sqlite: `
    CREATE TABLE notice_cursors (
      name TEXT PRIMARY KEY,
      at INTEGER NOT NULL,
      id TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE notice_cursors (
      name text COLLATE "C" PRIMARY KEY,
      at bigint NOT NULL,
      id text COLLATE "C" NOT NULL
    );
  `,
};
