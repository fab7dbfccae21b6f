import type { Migration } from "./migration.ts";

/** Jobs' use of models: calls, tokens and cost, by hour. */
export const aiUsage: Migration = {
  name: "0048-ai-usage",
  tables: ["ai_usage"],
  sqlite: `
    CREATE TABLE ai_usage (
      job_id TEXT NOT NULL,
      model TEXT NOT NULL,
      hour INTEGER NOT NULL,
      owner TEXT NOT NULL,
      calls INTEGER NOT NULL,
      input_tokens INTEGER NOT NULL,
      cached_input_tokens INTEGER NOT NULL,
      output_tokens INTEGER NOT NULL,
      reasoning_tokens INTEGER NOT NULL,
      nano_usd INTEGER NOT NULL,
      estimated INTEGER NOT NULL,
      PRIMARY KEY (job_id, model, hour)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX ai_usage_hours ON ai_usage (hour);
    CREATE INDEX ai_usage_owners ON ai_usage (owner, hour);
  `,
  postgres: `
    CREATE TABLE ai_usage (
      job_id text COLLATE "C" NOT NULL,
      model text COLLATE "C" NOT NULL,
      hour integer NOT NULL,
      owner text COLLATE "C" NOT NULL,
      calls bigint NOT NULL,
      input_tokens bigint NOT NULL,
      cached_input_tokens bigint NOT NULL,
      output_tokens bigint NOT NULL,
      reasoning_tokens bigint NOT NULL,
      nano_usd bigint NOT NULL,
      estimated bigint NOT NULL,
      PRIMARY KEY (job_id, model, hour)
    );
    CREATE INDEX ai_usage_hours ON ai_usage (hour);
    CREATE INDEX ai_usage_owners ON ai_usage (owner, hour);
  `,
};
