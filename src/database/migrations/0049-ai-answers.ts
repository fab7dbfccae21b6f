import type { Migration } from "./migration.ts";

/** Recorded answers of models, reused for identical calls. */
export const aiAnswers: Migration = {
  name: "0049-ai-answers",
  tables: ["ai_answers"],
  sqlite: `
    CREATE TABLE ai_answers (
      key TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      expires_at INTEGER NOT NULL,
      body TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX ai_answers_expiry ON ai_answers (expires_at);
    CREATE INDEX ai_answers_owners ON ai_answers (owner);
  `,
  postgres: `
    CREATE TABLE ai_answers (
      key text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      expires_at bigint NOT NULL,
      body text NOT NULL
    );
    CREATE INDEX ai_answers_expiry ON ai_answers (expires_at);
    CREATE INDEX ai_answers_owners ON ai_answers (owner);
  `,
};
