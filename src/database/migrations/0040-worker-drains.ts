import type { Migration } from "./migration.ts";

export const workerDrains: Migration = {
  name: "0040-worker-drains",
  tables: ["worker_drains"],
  sqlite: `
    CREATE TABLE worker_drains (
      worker TEXT PRIMARY KEY,
      asked_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE worker_drains (
      worker text COLLATE "C" PRIMARY KEY,
      asked_at bigint NOT NULL
    );
  `,
};
