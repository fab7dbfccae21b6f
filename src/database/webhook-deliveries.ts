import type { Compilable } from "kysely";
import type { DeliveryRecord, DeliveryState, WholeDelivery } from "../domain/webhooks.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";
import { type DeliveryQuery, listedColumns, recordOf, rowOf, wholeOf } from "./webhook-delivery-rows.ts";
import { deliveryResends } from "./webhook-resends.ts";
import { deliverySending } from "./webhook-sending.ts";

/** Rows per insert: each has sixteen values, and a statement takes a limited number. */
const ROWS = 500;
/** Rows per delete. */
const FORGOTTEN = 1_000;

export type DeliveryRecords = ReturnType<typeof deliveryRecords>;

/** Deliveries to endpoints, and how far the owners' logs have been read for them. */
export function deliveryRecords(database: Database<Tables>) {
  return {
    batch: database.batch,
    ...collecting(database),
    ...deliverySending(database),
    ...listing(database),
    ...deliveryResends(database),
    ...forgetting(database),
  };
}

function collecting({ db, batch }: Database<Tables>) {
  const inserting = (deliveries: readonly WholeDelivery[]): Compilable[] => {
    const chunks: Compilable[] = [];
    for (let from = 0; from < deliveries.length; from += ROWS) {
      const rows = deliveries.slice(from, from + ROWS).map(rowOf);
      chunks.push(
        db
          .insertInto("webhook_deliveries")
          .values(rows)
          .onConflict((known) => known.doNothing()),
      );
    }
    return chunks;
  };

  return {
    async positions(webhookId: string, after: string, limit: number) {
      return db
        .selectFrom("webhook_positions")
        .select(["owner", "position"])
        .where("webhook_id", "=", webhookId)
        .where("owner", ">", after)
        .orderBy("owner")
        .limit(limit)
        .execute();
    },

    /** Records deliveries and the new position in their log as one change. */
    async collected(
      deliveries: readonly WholeDelivery[],
      read: { webhookId: string; owner: string; position: number },
    ): Promise<void> {
      const { webhookId: webhook_id, owner, position } = read;
      await batch([
        ...inserting(deliveries),
        db
          .insertInto("webhook_positions")
          .values({ webhook_id, owner, position })
          .onConflict((known) =>
            known
              .columns(["webhook_id", "owner"])
              .doUpdateSet({ position })
              .where("webhook_positions.position", "<", position),
          ),
      ]);
    },

    /** Repeating it changes nothing. */
    async addAll(made: readonly WholeDelivery[]): Promise<void> {
      await batch(inserting(made));
    },
  };
}

function listing({ db }: Database<Tables>) {
  return {
    /** Newest event first; `before` is the id of the last one on the previous page. */
    async list(query: {
      webhookId: string;
      state?: DeliveryState;
      before?: string;
      limit: number;
    }): Promise<DeliveryRecord[]> {
      let rows = db
        .selectFrom("webhook_deliveries")
        .select(listedColumns)
        .where("webhook_id", "=", query.webhookId);
      if (query.state !== undefined) rows = rows.where("state", "=", query.state);
      if (query.before !== undefined) rows = rows.where("id", "<", query.before);
      return (await rows.orderBy("id", "desc").limit(query.limit).execute()).map(recordOf);
    },

    async get({ webhookId, id }: DeliveryQuery): Promise<WholeDelivery | null> {
      const row = await db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("webhook_id", "=", webhookId)
        .where("id", "=", id)
        .executeTakeFirst();
      return row ? wholeOf(row) : null;
    },

    /** Number of pending deliveries, counted up to `most`. */
    async pending(webhookId: string, most: number): Promise<number> {
      const { n } = await db
        .selectFrom(
          db
            .selectFrom("webhook_deliveries")
            .select("id")
            .where("webhook_id", "=", webhookId)
            .where("state", "=", "pending")
            .limit(most)
            .as("waiting"),
        )
        .select((count) => count.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      return n;
    },
  };
}

function forgetting({ db }: Database<Tables>) {
  return {
    /**
     * Gives up what has waited since before `before`, and deletes what ended before. Returns whether there may be more.
     */
    async forget(before: number, now: number): Promise<boolean> {
      await db
        .updateTable("webhook_deliveries")
        .set({ state: "cancelled", due_at: null, ended_at: now })
        .where("ended_at", "is", null)
        .where("created_at", "<", before)
        .execute();
      const oldest = await db
        .selectFrom("webhook_deliveries")
        .select(["webhook_id", "id"])
        .where("ended_at", "<", before)
        .limit(FORGOTTEN)
        .execute();
      for (const [webhookId, rows] of Map.groupBy(oldest, (row) => row.webhook_id)) {
        const ids = rows.map(({ id }) => id);
        await db
          .deleteFrom("webhook_deliveries")
          .where("webhook_id", "=", webhookId)
          .where("id", "in", ids)
          .where("ended_at", "<", before)
          .execute();
      }
      return oldest.length === FORGOTTEN;
    },
  };
}
