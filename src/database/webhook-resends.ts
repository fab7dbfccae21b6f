import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";
import type { DeliveryQuery } from "./webhook-delivery-rows.ts";

/** Deliveries that are requested again. */
export function deliveryResends({ db }: Database<Tables>) {
  return {
    /** Makes a delivery due at once, in whatever state it is. */
    async retry({ webhookId, id }: DeliveryQuery, now: number): Promise<boolean> {
      const done = await db
        .updateTable("webhook_deliveries")
        .set({ state: "pending", due_at: now, by_hand: 1, ended_at: null })
        .where("webhook_id", "=", webhookId)
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      return done.numUpdatedRows === 1n;
    },

    /** How many deliveries a resend would make due again, counted up to `most`. */
    async resendable(query: {
      webhookId: string;
      from: string;
      failedOnly: boolean;
      most: number;
    }): Promise<number> {
      let rows = db
        .selectFrom("webhook_deliveries")
        .select("id")
        .where("webhook_id", "=", query.webhookId)
        .where("id", ">=", query.from)
        .where("number", "is not", null);
      rows = query.failedOnly
        ? rows.where("state", "in", ["failed", "cancelled"])
        : rows.where("state", "!=", "pending");
      const { n } = await db
        .selectFrom(rows.limit(query.most).as("ended"))
        .select((count) => count.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      return Number(n);
    },

    /** Those of the ids that are recorded. */
    async known(webhookId: string, ids: readonly string[]): Promise<Set<string>> {
      if (ids.length === 0) return new Set();
      const rows = db.selectFrom("webhook_deliveries").select("id").where("webhook_id", "=", webhookId);
      return new Set((await rows.where("id", "in", ids).execute()).map(({ id }) => id));
    },

    /** Makes ended deliveries due again, for events from an id on, unless the same request already did. */
    async resend(query: {
      webhookId: string;
      from: string;
      failedOnly: boolean;
      askedAt: number;
      now: number;
    }): Promise<void> {
      let rows = db
        .updateTable("webhook_deliveries")
        .set({ state: "pending", tries: 0, due_at: query.now, ended_at: null, resent_at: query.askedAt })
        .where("webhook_id", "=", query.webhookId)
        .where("id", ">=", query.from)
        .where("number", "is not", null)
        .where("created_at", "<", query.askedAt)
        .where((or) => or.or([or("resent_at", "is", null), or("resent_at", "<", query.askedAt)]));
      rows = query.failedOnly
        ? rows.where("state", "in", ["failed", "cancelled"])
        : rows.where("state", "!=", "pending");
      await rows.execute();
    },
  };
}
