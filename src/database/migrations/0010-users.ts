import type { Migration } from "./migration.ts";

export const users: Migration = {
  name: "0010-users",
  tables: ["users", "account_links", "sessions", "signing_keys"],
  sqlite: `
    CREATE TABLE users (
      id TEXT PRIMARY KEY,
      email TEXT UNIQUE,
      email_verified_at INTEGER,
      name TEXT NOT NULL,
      password_hash TEXT,
      role TEXT NOT NULL,
      state TEXT NOT NULL,
      generation INTEGER NOT NULL,
      quotas TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      last_login_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
    CREATE INDEX users_deleting ON users (id) WHERE state = 'deleting';
    CREATE TABLE account_links (
      id TEXT PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      user_id TEXT,
      email TEXT,
      role TEXT NOT NULL,
      created_by TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      used_by TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX account_links_kind ON account_links (kind, id);
    CREATE INDEX account_links_expiry ON account_links (expires_at);
    CREATE TABLE sessions (
      id TEXT PRIMARY KEY,
      user_id TEXT NOT NULL,
      counter INTEGER NOT NULL,
      rotated_at INTEGER NOT NULL,
      device TEXT NOT NULL,
      address TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      last_used_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      revoked_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sessions_user ON sessions (user_id, id);
    CREATE INDEX sessions_expiry ON sessions (expires_at);
    CREATE TABLE signing_keys (
      id TEXT PRIMARY KEY,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE users (
      id text COLLATE "C" PRIMARY KEY,
      email text COLLATE "C" UNIQUE,
      email_verified_at bigint,
      name text NOT NULL,
      password_hash text,
      role text NOT NULL,
      state text NOT NULL,
      generation integer NOT NULL,
      quotas text NOT NULL,
      created_at bigint NOT NULL,
      last_login_at bigint
    );
    CREATE INDEX users_admins ON users (id) WHERE role = 'admin';
    CREATE INDEX users_deleting ON users (id) WHERE state = 'deleting';
    CREATE TABLE account_links (
      id text COLLATE "C" PRIMARY KEY,
      hash text COLLATE "C" NOT NULL UNIQUE,
      kind text COLLATE "C" NOT NULL,
      user_id text COLLATE "C",
      email text COLLATE "C",
      role text NOT NULL,
      created_by text COLLATE "C",
      created_at bigint NOT NULL,
      expires_at bigint NOT NULL,
      used_by text COLLATE "C"
    );
    CREATE INDEX account_links_kind ON account_links (kind, id);
    CREATE INDEX account_links_expiry ON account_links (expires_at);
    CREATE TABLE sessions (
      id text COLLATE "C" PRIMARY KEY,
      user_id text COLLATE "C" NOT NULL,
      counter integer NOT NULL,
      rotated_at bigint NOT NULL,
      device text NOT NULL,
      address text NOT NULL,
      created_at bigint NOT NULL,
      last_used_at bigint NOT NULL,
      expires_at bigint NOT NULL,
      revoked_at bigint
    );
    CREATE INDEX sessions_user ON sessions (user_id, id);
    CREATE INDEX sessions_expiry ON sessions (expires_at);
    CREATE TABLE signing_keys (
      id text COLLATE "C" PRIMARY KEY,
      created_at bigint NOT NULL
    );
  `,
};
