import type { Migration } from "./migration.ts";

export const identities: Migration = {
  name: "0014-identities",
  tables: ["identities", "sign_in_flows"],
  sqlite: `
    CREATE TABLE identities (
      issuer TEXT NOT NULL,
      subject TEXT NOT NULL,
      user_id TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (issuer, subject)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX identities_user ON identities (user_id);
    CREATE TABLE sign_in_flows (
      id TEXT PRIMARY KEY,
      body TEXT NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sign_in_flows_expiry ON sign_in_flows (expires_at);
  `,
  postgres: `
    CREATE TABLE identities (
      issuer text COLLATE "C" NOT NULL,
      subject text COLLATE "C" NOT NULL,
      user_id text COLLATE "C" NOT NULL,
      created_at bigint NOT NULL,
      PRIMARY KEY (issuer, subject)
    );
    CREATE INDEX identities_user ON identities (user_id);
    CREATE TABLE sign_in_flows (
      id text COLLATE "C" PRIMARY KEY,
      body text NOT NULL,
      expires_at bigint NOT NULL
    );
    CREATE INDEX sign_in_flows_expiry ON sign_in_flows (expires_at);
  `,
};
