import type { Migration } from "./migration.ts";

export const webhooks: Migration = {
  name: "0030-webhooks",
  tables: ["webhooks", "webhook_leases", "webhook_positions", "webhook_deliveries"],
  sqlite: `
    CREATE TABLE webhooks (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      kind TEXT NOT NULL,
      shard INTEGER NOT NULL,
      enabled INTEGER NOT NULL,
      disabled_reason TEXT,
      spec TEXT NOT NULL,
      secrets TEXT NOT NULL,
      health TEXT NOT NULL,
      resend TEXT,
      since INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      version INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX webhooks_owner ON webhooks (owner, id);
    CREATE INDEX webhooks_shard ON webhooks (shard, id);
    CREATE INDEX webhooks_changed ON webhooks (changed_at);
    CREATE TABLE webhook_leases (
      shard INTEGER PRIMARY KEY,
      holder TEXT NOT NULL,
      until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE webhook_positions (
      webhook_id TEXT NOT NULL,
      owner TEXT NOT NULL,
      position INTEGER NOT NULL,
      PRIMARY KEY (webhook_id, owner)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE webhook_deliveries (
      webhook_id TEXT NOT NULL,
      id TEXT NOT NULL,
      owner TEXT NOT NULL,
      number INTEGER,
      event TEXT NOT NULL,
      job_id TEXT,
      state TEXT NOT NULL,
      tries INTEGER NOT NULL,
      due_at INTEGER,
      by_hand INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      ended_at INTEGER,
      resent_at INTEGER,
      last TEXT,
      payload TEXT NOT NULL,
      attempts TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (webhook_id, id);
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX webhook_deliveries_by_hand ON webhook_deliveries (webhook_id, due_at) WHERE by_hand = 1;
    CREATE INDEX webhook_deliveries_state ON webhook_deliveries (webhook_id, state, id);
    CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
    CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at) WHERE ended_at IS NULL;
  `,
  postgres: `
    CREATE TABLE webhooks (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      kind text NOT NULL,
      shard integer NOT NULL,
      enabled integer NOT NULL,
      disabled_reason text,
      spec text NOT NULL,
      secrets text NOT NULL,
      health text NOT NULL,
      resend text,
      since bigint NOT NULL,
      created_at bigint NOT NULL,
      changed_at bigint NOT NULL,
      version bigint NOT NULL
    );
    CREATE INDEX webhooks_owner ON webhooks (owner, id);
    CREATE INDEX webhooks_shard ON webhooks (shard, id);
    CREATE INDEX webhooks_changed ON webhooks (changed_at);
    CREATE TABLE webhook_leases (
      shard integer PRIMARY KEY,
      holder text NOT NULL,
      until bigint NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE webhook_positions (
      webhook_id text COLLATE "C" NOT NULL,
      owner text COLLATE "C" NOT NULL,
      position bigint NOT NULL,
      PRIMARY KEY (webhook_id, owner)
    ) WITH (fillfactor = 50);
    CREATE TABLE webhook_deliveries (
      webhook_id text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      owner text COLLATE "C" NOT NULL,
      number bigint,
      event text NOT NULL,
      job_id text,
      state text NOT NULL,
      tries integer NOT NULL,
      due_at bigint,
      by_hand integer NOT NULL,
      created_at bigint NOT NULL,
      ended_at bigint,
      resent_at bigint,
      last text,
      payload text NOT NULL,
      attempts text NOT NULL
    );
    CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (webhook_id, id);
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX webhook_deliveries_by_hand ON webhook_deliveries (webhook_id, due_at) WHERE by_hand = 1;
    CREATE INDEX webhook_deliveries_state ON webhook_deliveries (webhook_id, state, id);
    CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
    CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at) WHERE ended_at IS NULL;
  `,
};
