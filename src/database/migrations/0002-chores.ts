import type { Migration } from "./migration.ts";

export const chores: Migration = {
  name: "0002-chores",
  tables: ["chores"],
  sqlite: `
    CREATE TABLE chores (
      name TEXT PRIMARY KEY,
      begun_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE chores (
      name text COLLATE "C" PRIMARY KEY,
      begun_at bigint NOT NULL
    );
  `,
};
