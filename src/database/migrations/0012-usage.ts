import type { Migration } from "./migration.ts";

/** What owners use: items by day, and the bytes of uploads in a separate column. */
export const usage: Migration = {
  name: "0012-usage",
  tables: ["usage_days"],
  sqlite: `
    CREATE TABLE usage_days (
      owner TEXT NOT NULL,
      day INTEGER NOT NULL,
      items INTEGER NOT NULL,
      PRIMARY KEY (owner, day)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE uploads ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX uploads_owner ON uploads (owner);
  `,
  postgres: `
    CREATE TABLE usage_days (
      owner text COLLATE "C" NOT NULL,
      day integer NOT NULL,
      items bigint NOT NULL,
      PRIMARY KEY (owner, day)
    );
    ALTER TABLE uploads ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
    CREATE INDEX uploads_owner ON uploads (owner);
  `,
};
