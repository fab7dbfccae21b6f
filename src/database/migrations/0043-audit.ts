import type { Migration } from "./migration.ts";

/** The audit log of admins' actions. */
export const audit: Migration = {
  name: "0043-audit",
  tables: ["audit"],
  sqlite: `
    CREATE TABLE audit (
      id TEXT PRIMARY KEY,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      at INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX audit_actor ON audit (actor, id);
    CREATE INDEX audit_action ON audit (action, id);
  `,
  postgres: `
    CREATE TABLE audit (
      id text COLLATE "C" PRIMARY KEY,
      actor text COLLATE "C" NOT NULL,
      action text COLLATE "C" NOT NULL,
      at bigint NOT NULL,
      body text NOT NULL
    );
    CREATE INDEX audit_actor ON audit (actor, id);
    CREATE INDEX audit_action ON audit (action, id);
  `,
};
