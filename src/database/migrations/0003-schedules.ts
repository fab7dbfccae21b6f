import type { Migration } from "./migration.ts";

export const schedules: Migration = {
  name: "0003-schedules",
  tables: ["schedules"],
  sqlite: `
    CREATE TABLE schedules (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      pipeline TEXT NOT NULL,
      due_at INTEGER,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX schedules_owner ON schedules (owner, id);
  `,
  postgres: `
    CREATE TABLE schedules (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      pipeline text COLLATE "C" NOT NULL,
      due_at bigint,
      body json NOT NULL
    );
    CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX schedules_owner ON schedules (owner, id);
  `,
};
