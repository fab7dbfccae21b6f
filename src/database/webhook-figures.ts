import { sql } from "kysely";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Counts are capped at this: nobody needs a million rows counted for a chart. */
const MOST = 10_000;
const MINUTE_MS = 60_000;

export interface WebhookFigures {
  /** Endpoints by state: `enabled`, or the reason they are not. */
  endpoints: Record<string, number>;
  /** Deliveries whose next try is due, at most 10,000. */
  due: number;
  /** How long the most overdue delivery has been due, ms; 0 if none is. */
  overdueMs: number;
  /** Deliveries that ended over the last minute, by outcome, at most 10,000. */
  ended: Record<string, number>;
}

/** Webhook figures for the metrics; each query reads a bounded part of an index. */
export async function webhookFigures({ db }: Database<Tables>, now: number): Promise<WebhookFigures> {
  const [endpoints, due, ended] = await Promise.all([
    db
      .selectFrom("webhooks")
      .select(["enabled", "disabled_reason", ({ fn }) => fn.countAll<number>().as("n")])
      .groupBy(["enabled", "disabled_reason"])
      .execute(),
    db
      .selectFrom(
        db
          .selectFrom("webhook_deliveries")
          .select("due_at")
          .where("ended_at", "is", null)
          .where("due_at", "<=", now)
          .limit(MOST)
          .as("some"),
      )
      .select(({ fn }) => [fn.countAll<number>().as("n"), fn.min("some.due_at").as("first")])
      .executeTakeFirstOrThrow(),
    db
      .selectFrom(
        db
          .selectFrom("webhook_deliveries")
          .select("state")
          .where("ended_at", ">", now - MINUTE_MS)
          .limit(MOST)
          .as("some"),
      )
      .select(["some.state", sql<number>`count(*)`.as("n")])
      .groupBy("some.state")
      .execute(),
  ]);
  const byState: Record<string, number> = { enabled: 0 };
  for (const { enabled, disabled_reason, n } of endpoints) {
    const state = enabled === 1 ? "enabled" : (disabled_reason ?? "owner");
    byState[state] = (byState[state] ?? 0) + Number(n);
  }
  return {
    endpoints: byState,
    due: Number(due.n),
    overdueMs: due.first === null ? 0 : Math.max(0, now - Number(due.first)),
    ended: {
      ...{ delivered: 0, failed: 0 },
      ...Object.fromEntries(ended.map(({ state, n }) => [state, Number(n)])),
    },
  };
}
