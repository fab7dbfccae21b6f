import type { DatabaseSync } from "node:sqlite";
import { migrations as coldMigrations } from "../../database/migrations/index.ts";

/**
 * The hot tables. Each entry migrates the database from the previous version; two versions never run on one database.
 */
const migrations = [
  `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    state TEXT NOT NULL,
    finished_at INTEGER,
    expires_at INTEGER,
    spec TEXT NOT NULL,      -- what never changes: JSON
    progress TEXT NOT NULL   -- what does: JSON
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX jobs_by_owner ON jobs (owner, id);
  CREATE INDEX jobs_live ON jobs (owner, id) WHERE finished_at IS NULL;
  CREATE INDEX jobs_trouble ON jobs (owner, state, id) WHERE state IN ('partial', 'failed', 'cancelled', 'expired');
  CREATE INDEX jobs_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX jobs_expired ON jobs (finished_at) WHERE state = 'expired';

  CREATE TABLE tasks (
    job_id TEXT NOT NULL,
    item INTEGER NOT NULL,
    owner TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    wake_at INTEGER,
    worker TEXT,
    body TEXT NOT NULL,
    PRIMARY KEY (job_id, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_backlog ON tasks (queue, priority, owner, job_id, item) WHERE state = 'ready';
  CREATE INDEX tasks_wake ON tasks (wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX tasks_dead ON tasks (job_id, item) WHERE state = 'dead';

  CREATE TABLE owners (owner TEXT PRIMARY KEY, last_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    owner TEXT NOT NULL,
    seq INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (owner, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX events_by_job ON events (job_id, seq);

  CREATE TABLE blobs (
    key TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    referenced INTEGER NOT NULL,  -- some row of job_blobs names it
    deleting INTEGER NOT NULL,
    pins INTEGER NOT NULL,
    pinned_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX blobs_unused ON blobs (pinned_until) WHERE referenced = 0 AND deleting = 0;
  CREATE INDEX blobs_by_content ON blobs (sha256) WHERE deleting = 0;
  CREATE INDEX blobs_deleting ON blobs (key) WHERE deleting = 1;
  CREATE TABLE job_blobs (job_id TEXT NOT NULL, blob TEXT NOT NULL, PRIMARY KEY (job_id, blob)) STRICT, WITHOUT ROWID;
  CREATE INDEX job_blobs_by_blob ON job_blobs (blob, job_id);

  CREATE TABLE cache (
    key TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    outputs TEXT NOT NULL,
    result TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_by_job ON cache (job_id);

  CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    job_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_expiry ON idempotency (expires_at);

  CREATE TABLE memos (
    job_id TEXT NOT NULL,
    item INTEGER NOT NULL,
    step TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job_id, item, step, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE paused_queues (queue TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  `
  -- Made the table of uploads, which is a cold one now.
  `,
  `
  -- Rows may be long, so that they have row ids: a page of theirs holds more of a row than an index's would.
  CREATE TABLE event_runs (
    owner TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    at INTEGER NOT NULL,     -- of the last
    events TEXT NOT NULL     -- [[type, at, data], …] of first_seq to last_seq: JSON
  ) STRICT;
  INSERT INTO event_runs (owner, first_seq, last_seq, job_id, at, events)
    SELECT owner, seq, seq, job_id, at, json_array(json_array(type, at, json(data))) FROM events ORDER BY owner, seq;
  CREATE UNIQUE INDEX event_runs_by_owner ON event_runs (owner, last_seq);
  CREATE INDEX event_runs_by_job ON event_runs (job_id, last_seq);
  DROP TABLE events;
  `,
  `
  ALTER TABLE cache ADD COLUMN warnings TEXT;  -- JSON; NULL: there are none
  `,
  `
  ALTER TABLE cache ADD COLUMN name TEXT NOT NULL DEFAULT '';  -- of the item that it was computed for
  `,
  `
  CREATE INDEX tasks_waiting ON tasks (queue, owner, priority DESC, job_id, item) WHERE state = 'ready';
  DROP INDEX tasks_backlog;
  `,
  `
  ALTER TABLE cache ADD COLUMN result_file TEXT;  -- a FileRef: JSON
  ALTER TABLE memos ADD COLUMN blob TEXT;
  `,
  `
  ALTER TABLE tasks ADD COLUMN split TEXT;  -- of an item that was split: what became of its parts, JSON
  ALTER TABLE tasks ADD COLUMN part TEXT;   -- of a part: what it was made of, JSON
  CREATE INDEX tasks_split ON tasks (queue) WHERE state = 'split';
  `,
  `
  CREATE TABLE attempts (
    job_id TEXT NOT NULL,
    item INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    body TEXT NOT NULL,      -- how an attempt came to nothing: JSON
    PRIMARY KEY (job_id, item, generation)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- For operators, who look among the jobs of all owners; of those that succeed there are no rows in these.
  CREATE INDEX jobs_ended_badly ON jobs (state, id) WHERE state IN ('partial', 'failed', 'cancelled', 'expired');
  CREATE TABLE dead_letters (
    job_id TEXT NOT NULL,
    item INTEGER NOT NULL,
    owner TEXT NOT NULL,
    queue TEXT NOT NULL,
    code TEXT NOT NULL,
    alike TEXT NOT NULL,     -- what errors of one group have in common
    PRIMARY KEY (job_id, item)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO dead_letters SELECT job_id, item, owner, queue, coalesce(body -> '$.error' ->> '$.code', ''),
    substr(coalesce(body -> '$.error' ->> '$.detail', body -> '$.error' ->> '$.message', ''), 1, 160)
    FROM tasks WHERE state = 'dead';
  CREATE INDEX dead_letters_alike ON dead_letters (queue, code, alike, job_id, item);
  CREATE INDEX dead_letters_code ON dead_letters (code, job_id, item);
  CREATE INDEX dead_letters_queue ON dead_letters (queue, job_id, item);
  CREATE INDEX dead_letters_owner ON dead_letters (owner, job_id, item);
  `,
  `
  CREATE TABLE clock (at INTEGER NOT NULL) STRICT;  -- one row: the store's time when it was last written
  INSERT INTO clock VALUES (0);
  `,
];

/** Opens the records for their only writer. Others may read them meanwhile. */
export function prepare(db: DatabaseSync): void {
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  db.exec("PRAGMA cache_size = -65536");
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA wal_autocheckpoint = 4000");
  migrate(db);
  migrateCold(db);
}

/** @param to the version to migrate to: the latest, except in tests */
export function migrate(db: DatabaseSync, to: number = migrations.length): void {
  const version = Number(db.prepare("PRAGMA user_version").get()!.user_version);
  if (version > migrations.length) {
    throw new Error(
      `the data folder was written by a newer Millrace (schema ${version}, this version supports ${migrations.length})`,
    );
  }
  for (let next = version; next < to; next++) {
    db.exec(`BEGIN; ${migrations[next]}; PRAGMA user_version = ${next + 1}; COMMIT`);
  }
}

/** Brings the cold tables up to date. */
export function migrateCold(db: DatabaseSync): void {
  db.exec("CREATE TABLE IF NOT EXISTS cold_migrations (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID");
  const done = db
    .prepare("SELECT name FROM cold_migrations")
    .all()
    .map((row) => row.name as string);
  const unknown = done.find((name) => !coldMigrations.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new Error(`the data folder was written by a newer Millrace (unknown migration ${unknown})`);
  }
  for (const { name, sqlite } of coldMigrations) {
    if (done.includes(name)) continue;
    db.exec(`BEGIN; ${sqlite}; INSERT INTO cold_migrations VALUES ('${name}'); COMMIT`);
  }
}
