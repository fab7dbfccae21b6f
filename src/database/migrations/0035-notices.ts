import type { Migration } from "./migration.ts";

export const notices: Migration = {
  name: "0035-notices",
  tables: ["notices", "notice_choices", "notice_locales", "notice_mails"],
  sqlite: `
    CREATE TABLE notices (
      owner TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      at INTEGER NOT NULL,
      job_id TEXT,
      data TEXT NOT NULL,
      page INTEGER NOT NULL,
      browser INTEGER NOT NULL,
      read_at INTEGER,
      PRIMARY KEY (owner, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notice_choices (
      owner TEXT NOT NULL,
      kind TEXT NOT NULL,
      page INTEGER NOT NULL,
      email INTEGER NOT NULL,
      browser INTEGER NOT NULL,
      PRIMARY KEY (owner, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notice_locales (
      owner TEXT PRIMARY KEY,
      locale TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notice_mails (
      id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      kind TEXT NOT NULL,
      at INTEGER NOT NULL,
      job_id TEXT,
      data TEXT NOT NULL,
      address TEXT,
      state TEXT NOT NULL,
      due_at INTEGER NOT NULL,
      mail_id TEXT,
      tries INTEGER NOT NULL,
      error TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX notice_mails_due ON notice_mails (due_at) WHERE state IN ('waiting', 'claimed', 'sending');
    CREATE INDEX notice_mails_owner ON notice_mails (owner, id);
    CREATE INDEX notice_mails_mail ON notice_mails (mail_id) WHERE mail_id IS NOT NULL;
  `,
  postgres: `
    CREATE TABLE notices (
      owner text COLLATE "C" NOT NULL,
      id text COLLATE "C" NOT NULL,
      kind text NOT NULL,
      at bigint NOT NULL,
      job_id text COLLATE "C",
      data text NOT NULL,
      page integer NOT NULL,
      browser integer NOT NULL,
      read_at bigint,
      PRIMARY KEY (owner, id)
    );
    CREATE TABLE notice_choices (
      owner text COLLATE "C" NOT NULL,
      kind text COLLATE "C" NOT NULL,
      page integer NOT NULL,
      email integer NOT NULL,
      browser integer NOT NULL,
      PRIMARY KEY (owner, kind)
    );
    CREATE TABLE notice_locales (
      owner text COLLATE "C" PRIMARY KEY,
      locale text NOT NULL
    );
    CREATE TABLE notice_mails (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      kind text NOT NULL,
      at bigint NOT NULL,
      job_id text COLLATE "C",
      data text NOT NULL,
      address text,
      state text NOT NULL,
      due_at bigint NOT NULL,
      mail_id text COLLATE "C",
      tries integer NOT NULL,
      error text
    );
    CREATE INDEX notice_mails_due ON notice_mails (due_at) WHERE state IN ('waiting', 'claimed', 'sending');
    CREATE INDEX notice_mails_owner ON notice_mails (owner, id);
    CREATE INDEX notice_mails_mail ON notice_mails (mail_id) WHERE mail_id IS NOT NULL;
  `,
};
