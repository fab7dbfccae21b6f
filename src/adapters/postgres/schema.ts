import type pg from "pg";
import { migrations as coldMigrations, type Migration } from "../../database/migrations/index.ts";
import { assertReachable, openPool, type Target, toError } from "./connection.ts";

/**
 * The hot tables. Each entry migrates the schema from the previous version. Migrations only expand it, so that older
 * processes can run next to newer ones. Indexes over tasks are partial: they cover live tasks, however many have ended.
 */
const migrations = [
  `
  CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,
    pipeline text NOT NULL,
    state text NOT NULL,
    finished_at bigint,
    expires_at bigint,
    spec json NOT NULL,      -- what never changes
    progress json NOT NULL   -- what does
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
  CREATE INDEX jobs_by_owner ON jobs (owner, id);
  CREATE INDEX jobs_live ON jobs (owner, id) WHERE finished_at IS NULL;
  CREATE INDEX jobs_trouble ON jobs (owner, state, id) WHERE state IN ('partial', 'failed', 'cancelled', 'expired');
  CREATE INDEX jobs_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX jobs_expired ON jobs (finished_at) WHERE state = 'expired';

  CREATE TABLE tasks (
    job_id uuid NOT NULL,
    item integer NOT NULL,
    owner text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    state text NOT NULL,
    generation integer NOT NULL,
    wake_at bigint,
    worker text,
    lease text,
    body json NOT NULL,
    PRIMARY KEY (job_id, item)
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
  CREATE INDEX tasks_backlog ON tasks (queue, priority, owner, job_id, item) WHERE state = 'ready';
  CREATE INDEX tasks_live ON tasks (queue, state, wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX tasks_dead ON tasks (job_id, item) INCLUDE (queue) WHERE state = 'dead';

  CREATE TABLE owners (owner text COLLATE "C" PRIMARY KEY, last_seq bigint NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE events (
    owner text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    job_id uuid NOT NULL,
    type text NOT NULL,
    at bigint NOT NULL,
    data json NOT NULL,
    PRIMARY KEY (owner, seq)
  );
  CREATE INDEX events_by_job ON events (job_id, seq);

  CREATE TABLE blobs (
    key text COLLATE "C" PRIMARY KEY,
    sha256 text COLLATE "C" NOT NULL,
    bytes bigint NOT NULL,
    referenced boolean NOT NULL DEFAULT false,  -- some row of job_blobs names it
    deleting boolean NOT NULL DEFAULT false,
    pins integer NOT NULL,
    pinned_until bigint NOT NULL
  );
  CREATE INDEX blobs_unused ON blobs (pinned_until) WHERE NOT referenced AND NOT deleting;
  CREATE INDEX blobs_by_content ON blobs (sha256) WHERE NOT deleting;
  CREATE INDEX blobs_deleting ON blobs (key) WHERE deleting;
  CREATE TABLE job_blobs (job_id uuid NOT NULL, blob text COLLATE "C" NOT NULL, PRIMARY KEY (job_id, blob));
  CREATE INDEX job_blobs_by_blob ON job_blobs (blob, job_id);

  CREATE TABLE cache (
    key text COLLATE "C" PRIMARY KEY,
    job_id uuid NOT NULL,
    outputs json NOT NULL,
    result json NOT NULL
  );
  CREATE INDEX cache_by_job ON cache (job_id);

  CREATE TABLE idempotency (
    owner text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    job_id uuid NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (owner, key)
  );
  CREATE INDEX idempotency_expiry ON idempotency (expires_at);

  CREATE TABLE memos (
    job_id uuid NOT NULL,
    item integer NOT NULL,
    step text NOT NULL,
    key text NOT NULL,
    value json NOT NULL,
    PRIMARY KEY (job_id, item, step, key)
  );

  CREATE TABLE queues (name text COLLATE "C" PRIMARY KEY, paused boolean NOT NULL DEFAULT false);
  CREATE TABLE reservations (
    id text COLLATE "C" PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    tasks integer NOT NULL,
    expires_at bigint NOT NULL
  );
  CREATE INDEX reservations_by_queue ON reservations (queue, expires_at);
  -- Tasks that ended, by the process that settled them, in slices of a few seconds.
  CREATE TABLE drains (
    queue text COLLATE "C" NOT NULL,
    slice bigint NOT NULL,
    process text NOT NULL,
    ended integer NOT NULL,
    PRIMARY KEY (queue, slice, process)
  );

  CREATE SEQUENCE holders AS integer CYCLE;
  CREATE TABLE workers (
    id text PRIMARY KEY,
    holder integer NOT NULL DEFAULT nextval('holders'),  -- the advisory lock that its process holds
    held_at timestamptz,     -- when it took that lock last, by the server's clock
    gone_at timestamptz,     -- when it was found dead; kept for a while, as what it last asked for may come late
    seen_at bigint NOT NULL,
    queues json NOT NULL,
    record json NOT NULL
  ) WITH (fillfactor = 50);

  CREATE TABLE deliveries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    holder integer,                    -- the advisory lock of the broker connection that has it
    count smallint NOT NULL DEFAULT 0,
    id text NOT NULL,
    payload text NOT NULL
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
  CREATE INDEX deliveries_waiting ON deliveries (queue, priority DESC, seq) WHERE holder IS NULL;
  CREATE INDEX deliveries_held ON deliveries (holder) WHERE holder IS NOT NULL;
  CREATE TABLE dead_deliveries (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text COLLATE "C" NOT NULL,
    id text NOT NULL,
    payload text NOT NULL
  );
  CREATE INDEX dead_deliveries_by_queue ON dead_deliveries (queue, seq);
  `,
  `
  -- Times are ms since the epoch by this server's clock; budgets that are full have no row, or an idle one.
  CREATE UNLOGGED TABLE budgets (
    key text COLLATE "C" PRIMARY KEY,
    used float8 NOT NULL DEFAULT 0,
    at float8 NOT NULL DEFAULT 0,
    left_over float8 NOT NULL DEFAULT 0,
    until float8 NOT NULL DEFAULT 0,
    learned float8,
    idle_at float8 NOT NULL DEFAULT 0,
    idle_second bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
  CREATE INDEX budgets_idle ON budgets (idle_second);
  `,
  `
  -- It claims its tasks straight from the backlog, and needs no deliveries.
  ALTER TABLE workers ADD COLUMN claims boolean NOT NULL DEFAULT false;
  `,
  `
  -- A run of events of one job: its data is [[type, at, data], ...] of first_seq to seq, and at that of the last.
  ALTER TABLE events ADD COLUMN first_seq bigint, ALTER COLUMN type DROP NOT NULL;
  `,
  `
  ALTER TABLE cache ADD COLUMN warnings json;  -- NULL: there are none
  `,
  `
  ALTER TABLE cache ADD COLUMN name text NOT NULL DEFAULT '';  -- of the item that it was computed for
  `,
  `
  -- One row: the key that signs what processes tell each other.
  CREATE TABLE installation (one boolean PRIMARY KEY DEFAULT true CHECK (one), secret text NOT NULL);
  `,
  `
  -- Owners come before priorities, and deliveries wait in the order in which they were chosen.
  CREATE INDEX tasks_waiting ON tasks (queue, owner, priority DESC, job_id, item) WHERE state = 'ready';
  DROP INDEX tasks_backlog;
  ALTER TABLE deliveries ALTER COLUMN priority SET DEFAULT 4;
  `,
  `
  ALTER TABLE cache ADD COLUMN result_file json;
  ALTER TABLE memos ADD COLUMN blob text COLLATE "C";
  `,
  `
  -- By whom, and whether for jobs that start later: each kind has limits of its own.
  ALTER TABLE reservations ADD COLUMN owner text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN delayed boolean NOT NULL DEFAULT false;
  `,
  `
  -- split: of an item, what became of its parts; part: of a part, what it was made of. Parts are below their job's
  -- items (item < -1), where older processes list none. Dead ones say so twice: an older process, which would replay
  -- them as items, cannot.
  ALTER TABLE tasks ADD COLUMN split json, ADD COLUMN part json, ADD COLUMN dead_part boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT dead_parts CHECK (item >= -1 OR dead_part = (state = 'dead')) NOT VALID;
  CREATE INDEX tasks_split ON tasks (queue) WHERE state = 'split';
  `,
  `
  -- That came to nothing. They go with their jobs, whichever process removes those.
  CREATE TABLE attempts (
    job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    item integer NOT NULL,
    generation integer NOT NULL,
    body json NOT NULL,
    PRIMARY KEY (job_id, item, generation)
  );
  `,
  `
  -- pace: the part of the limit that comes back; holds: who holds or waits for a place, of calls at once.
  ALTER TABLE budgets ADD COLUMN pace float8 NOT NULL DEFAULT 1, ADD COLUMN paced_at float8 NOT NULL DEFAULT 0,
    ADD COLUMN holds json;
  `,
  `
  -- For operators, who look among the jobs of all owners; of those that succeed there are no rows in them. A trigger
  -- writes what is searched of an error, whichever process writes the task.
  CREATE INDEX jobs_ended_badly ON jobs (state, id) WHERE state IN ('partial', 'failed', 'cancelled', 'expired');
  ALTER TABLE tasks ADD COLUMN dead_code text COLLATE "C", ADD COLUMN dead_group text COLLATE "C";
  CREATE FUNCTION describe_death() RETURNS trigger LANGUAGE plpgsql AS $death$
  BEGIN
    NEW.dead_code := coalesce(NEW.body -> 'error' ->> 'code', '');
    NEW.dead_group := regexp_replace(left(split_part(
      coalesce(NEW.body -> 'error' ->> 'detail', NEW.body -> 'error' ->> 'message', ''), chr(10), 1), 160), '[0-9]+', '0', 'g');
    RETURN NEW;
  END $death$;
  CREATE TRIGGER tasks_died BEFORE INSERT OR UPDATE ON tasks FOR EACH ROW WHEN (NEW.state = 'dead')
    EXECUTE FUNCTION describe_death();
  UPDATE tasks SET state = state WHERE state = 'dead';
  CREATE INDEX tasks_dead_alike ON tasks (queue, dead_code, dead_group, job_id, item) WHERE state = 'dead';
  CREATE INDEX tasks_dead_code ON tasks (dead_code, job_id, item) WHERE state = 'dead';
  CREATE INDEX tasks_dead_queue ON tasks (queue, job_id, item) WHERE state = 'dead';
  `,
  `
  -- Results that expire soon are announced in turn, those of one moment by their ids.
  DROP INDEX jobs_expiry;
  CREATE INDEX jobs_expiry ON jobs (expires_at, id) WHERE expires_at IS NOT NULL;
  `,
];

/**
 * Connections to an up-to-date schema. Leaves none open if the server cannot be reached.
 * @param ready loads what else must be known before use
 */
export async function openSchema(
  target: Target,
  role: string,
  connections: number,
  ready: (pool: pg.Pool) => Promise<void> = async () => {},
): Promise<pg.Pool> {
  const pool = openPool(target, role, connections);
  try {
    await assertReachable(pool, target);
    await migrate(pool, target);
    await ready(pool);
    return pool;
  } catch (error) {
    await pool.end();
    throw toError(error);
  }
}

/** Brings the schema up to date; several processes may do so at once. */
export async function migrate(pool: pg.Pool, { schema }: Target): Promise<void> {
  const isCurrent = (await version(pool, schema)) >= migrations.length;
  if (isCurrent && (await missingCold(pool, schema)).length === 0) return;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock(hashtext('millrace migrations'), hashtext($1))", [
      schema,
    ]);
    const there = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
    // Checked first: an existing schema needs no right to create one.
    if (there.rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
    await client.query("CREATE TABLE IF NOT EXISTS migrations (version integer PRIMARY KEY)");
    const done = await version(client, schema);
    for (let next = done; next < migrations.length; next++) {
      await client.query(migrations[next]!);
      await client.query("INSERT INTO migrations VALUES ($1)", [next + 1]);
    }
    await client.query("CREATE TABLE IF NOT EXISTS cold_migrations (name text PRIMARY KEY)");
    for (const { name, postgres } of await missingCold(client, schema)) {
      await client.query(postgres);
      await client.query("INSERT INTO cold_migrations VALUES ($1)", [name]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

async function version(client: pg.Pool | pg.ClientBase, schema: string): Promise<number> {
  if (!(await exists(client, `${schema}.migrations`))) return 0;
  const { rows } = await client.query("SELECT coalesce(max(version), 0) AS version FROM migrations");
  return rows[0].version as number;
}

/** Migrations of the cold tables that have not run yet. */
async function missingCold(client: pg.Pool | pg.ClientBase, schema: string): Promise<readonly Migration[]> {
  if (!(await exists(client, `${schema}.cold_migrations`))) return coldMigrations;
  const { rows } = await client.query<{ name: string }>("SELECT name FROM cold_migrations");
  const done = new Set(rows.map((row) => row.name));
  return coldMigrations.filter(({ name }) => !done.has(name));
}

async function exists(client: pg.Pool | pg.ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass($1) AS found", [table]);
  return rows[0].found !== null;
}
