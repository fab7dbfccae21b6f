import type { Migration } from "./migration.ts";

const index = `
    CREATE INDEX webhook_deliveries_tried ON webhook_deliveries (webhook_id, due_at)
      WHERE last IS NOT NULL AND due_at IS NOT NULL;
  `;

/** Finds due deliveries that were tried before: these best show whether an endpoint is back. */
export const webhookTries: Migration = {
  name: "0031-webhook-tries",
  tables: [],
  sqlite: index,
  postgres: index,
};
