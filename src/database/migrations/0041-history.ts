import type { Migration } from "./migration.ts";

/** Statistics, per minute for a day and per hour for thirty days. */
export const history: Migration = {
  name: "0041-history",
  tables: ["history"],
  sqlite: `
    CREATE TABLE history (
      span INTEGER NOT NULL,
      queue TEXT NOT NULL,
      metric TEXT NOT NULL,
      at INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      n INTEGER NOT NULL,
      PRIMARY KEY (span, queue, metric, at, bucket)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX history_age ON history (span, at);
  `,
  postgres: `
    CREATE TABLE history (
      span bigint NOT NULL,
      queue text COLLATE "C" NOT NULL,
      metric text COLLATE "C" NOT NULL,
      at bigint NOT NULL,
      bucket integer NOT NULL,
      n bigint NOT NULL,
      PRIMARY KEY (span, queue, metric, at, bucket)
    );
    CREATE INDEX history_age ON history (span, at);
  `,
};
