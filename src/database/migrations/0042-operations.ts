import type { Migration } from "./migration.ts";

/** Operators' bulk actions, and the jobs created to replay others with changed options. */
export const operations: Migration = {
  name: "0042-operations",
  tables: ["operations", "replays"],
  sqlite: `
    CREATE TABLE operations (
      id TEXT PRIMARY KEY,
      is_open INTEGER NOT NULL,
      stop_asked INTEGER NOT NULL,
      runner TEXT,
      held_until INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX operations_open ON operations (id) WHERE is_open = 1;
    CREATE TABLE replays (
      job_id TEXT PRIMARY KEY,
      from_job_id TEXT NOT NULL,
      operation_id TEXT NOT NULL,
      at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX replays_from ON replays (from_job_id);
  `,
  postgres: `
    CREATE TABLE operations (
      id text COLLATE "C" PRIMARY KEY,
      is_open integer NOT NULL,
      stop_asked integer NOT NULL,
      runner text,
      held_until bigint NOT NULL,
      body text NOT NULL
    );
    CREATE INDEX operations_open ON operations (id) WHERE is_open = 1;
    CREATE TABLE replays (
      job_id text COLLATE "C" PRIMARY KEY,
      from_job_id text COLLATE "C" NOT NULL,
      operation_id text NOT NULL,
      at bigint NOT NULL
    );
    CREATE INDEX replays_from ON replays (from_job_id);
  `,
};
