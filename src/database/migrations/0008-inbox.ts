import type { Migration } from "./migration.ts";

/** Largest request as JSON text, in bytes; the same limit as the API's. */
const MOST_BYTES = 1024 * 1024;

/**
 * Jobs that programs submit in their own transactions, until they are created. On PostgreSQL a function inserts them.
 * It runs with the rights of the schema's owner, so that callers need no rights on tables.
 */
export const inbox: Migration = {
  name: "0008-inbox",
  tables: ["inbox", "inbox_readers"],
  sqlite: `
    CREATE TABLE inbox (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      pipeline TEXT NOT NULL,
      request TEXT NOT NULL,
      priority INTEGER,
      start_at INTEGER,
      idempotency_key TEXT,
      submitted_at INTEGER NOT NULL,
      taken_at INTEGER
    ) STRICT;
    CREATE TABLE inbox_readers (
      name TEXT PRIMARY KEY,
      reader TEXT NOT NULL,
      until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE inbox (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      pipeline text NOT NULL,
      request text NOT NULL,
      priority integer,
      start_at bigint,
      idempotency_key text COLLATE "C",
      submitted_at bigint NOT NULL,
      taken_at bigint
    ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
    CREATE INDEX inbox_waiting ON inbox (id) WHERE taken_at IS NULL;
    CREATE INDEX inbox_taken ON inbox (taken_at) WHERE taken_at IS NOT NULL;
    CREATE UNIQUE INDEX inbox_keys ON inbox (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE TABLE inbox_readers (
      name text COLLATE "C" PRIMARY KEY,
      reader text NOT NULL,
      until bigint NOT NULL
    );

    CREATE FUNCTION submit(
      pipeline text,
      request jsonb DEFAULT '{}',
      owner text DEFAULT 'local',
      priority integer DEFAULT NULL,
      start_at timestamptz DEFAULT NULL,
      idempotency_key text DEFAULT NULL
    ) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $submit$
    #variable_conflict use_column
    DECLARE
      now_ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
      -- A UUIDv7: the time, then random bits.
      new_id text := encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid()) PLACING substring(int8send(now_ms) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid::text;
      found text;
    BEGIN
      IF submit.pipeline IS NULL OR length(submit.pipeline) NOT BETWEEN 1 AND 100 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: pipeline must have 1 to 100 characters';
      END IF;
      IF submit.owner IS NULL OR length(submit.owner) NOT BETWEEN 1 AND 200 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: owner must have 1 to 200 characters';
      END IF;
      IF submit.request IS NULL OR jsonb_typeof(submit.request) <> 'object' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: request must be a JSON object such as {"options": {}}';
      END IF;
      IF octet_length(submit.request::text) > ${MOST_BYTES} THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: request is larger than ${MOST_BYTES} bytes';
      END IF;
      IF submit.priority NOT BETWEEN 0 AND 9 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: priority must be 0 to 9';
      END IF;
      IF submit.idempotency_key !~ '^[!-~]{1,255}$' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'millrace.submit: idempotency_key must be 1 to 255 visible ASCII characters';
      END IF;
      IF submit.idempotency_key IS NOT NULL THEN
        SELECT known.job_id::text INTO found FROM idempotency known
          WHERE known.owner = submit.owner AND known.key = submit.idempotency_key AND known.expires_at > now_ms;
        IF found IS NOT NULL THEN RETURN found::uuid; END IF;
      END IF;
      INSERT INTO inbox AS waiting (id, owner, pipeline, request, priority, start_at, idempotency_key, submitted_at)
        VALUES (new_id, submit.owner, submit.pipeline, submit.request::text, submit.priority,
          floor(extract(epoch FROM submit.start_at) * 1000), submit.idempotency_key, now_ms)
        -- The row of the first is locked, and stays as it is.
        ON CONFLICT (owner, idempotency_key) WHERE idempotency_key IS NOT NULL
        DO UPDATE SET submitted_at = waiting.submitted_at
        RETURNING waiting.id INTO found;
      RETURN found::uuid;
    END $submit$;
    -- Objects of the caller cannot stand in for ours.
    DO $pin$ BEGIN
      EXECUTE format('ALTER FUNCTION submit SET search_path = %I, pg_catalog, pg_temp', current_schema());
    END $pin$;
    REVOKE ALL ON FUNCTION submit FROM PUBLIC;
  `,
};
