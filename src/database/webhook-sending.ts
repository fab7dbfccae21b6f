import type { DeliveryAttempt, DeliveryRecord, WholeDelivery } from "../domain/webhooks.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";
import { wholeOf } from "./webhook-delivery-rows.ts";

/** What is due to be sent, and the outcome of each try. */
export function deliverySending({ db }: Database<Tables>) {
  return {
    /**
     * Longest overdue first.
     * @param query.byHand only what was requested by hand
     * @param query.tried only what was tried before
     */
    async due(query: {
      webhookId: string;
      now: number;
      limit: number;
      byHand: boolean;
      tried?: boolean;
    }): Promise<WholeDelivery[]> {
      let rows = db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("webhook_id", "=", query.webhookId)
        .where("due_at", "<=", query.now);
      if (query.byHand) rows = rows.where("by_hand", "=", 1);
      if (query.tried) rows = rows.where("last", "is not", null);
      return (await rows.orderBy("due_at").limit(query.limit).execute()).map(wholeOf);
    },

    /** Whether a delivery of any endpoint is due. */
    async isAnyDue(now: number): Promise<boolean> {
      const row = await db
        .selectFrom("webhooks")
        .select("webhooks.id")
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom("webhook_deliveries")
              .select("webhook_deliveries.id")
              .whereRef("webhook_deliveries.webhook_id", "=", "webhooks.id")
              .where("webhook_deliveries.due_at", "<=", now),
          ),
        )
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },

    /** When the next delivery after `after` is due; `null` if none is. */
    async nextDue(webhookId: string, after = Number.MIN_SAFE_INTEGER): Promise<number | null> {
      const row = await db
        .selectFrom("webhook_deliveries")
        .select("due_at")
        .where("webhook_id", "=", webhookId)
        .where("due_at", ">", after)
        .orderBy("due_at")
        .limit(1)
        .executeTakeFirst();
      return row?.due_at ?? null;
    },

    /** The statement that records a try. It changes nothing if another one was recorded in the meantime. */
    noting(
      delivery: WholeDelivery,
      change: Pick<DeliveryRecord, "state" | "tries" | "dueAt"> & {
        attempts: DeliveryAttempt[];
        endedAt: number | null;
      },
    ) {
      const { response: _, free: __, ...last } = change.attempts.at(-1)!;
      return db
        .updateTable("webhook_deliveries")
        .set({
          state: change.state,
          tries: change.tries,
          due_at: change.dueAt,
          by_hand: 0,
          ended_at: change.endedAt,
          last: JSON.stringify(last),
          attempts: JSON.stringify(change.attempts),
        })
        .where("webhook_id", "=", delivery.webhookId)
        .where("id", "=", delivery.id)
        .where("tries", "=", delivery.tries);
    },
  };
}
