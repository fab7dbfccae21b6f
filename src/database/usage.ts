import { sql } from "kysely";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Days for which counts are kept. */
const KEPT_DAYS = 35;

export type UsageRecords = ReturnType<typeof usageRecords>;

/** What owners have used, by day. Days are numbered from the epoch, in UTC. */
export function usageRecords({ db, batch }: Database<Tables>) {
  return {
    /**
     * Counts items unless that would exceed `limit` for the day. Atomic, so concurrent callers cannot exceed it
     * together.
     */
    async addItems(owner: string, day: number, items: number, limit: number): Promise<boolean> {
      if (items > limit) return false;
      const [, added] = await batch([
        db
          .deleteFrom("usage_days")
          .where("owner", "=", owner)
          .where("day", "<", day - KEPT_DAYS),
        db
          .insertInto("usage_days")
          .values({ owner, day, items })
          .onConflict((known) =>
            known
              .columns(["owner", "day"])
              .doUpdateSet({ items: sql<number>`usage_days.items + excluded.items` })
              .where(sql<number>`usage_days.items + excluded.items`, "<=", limit),
          ),
      ]);
      return added.changes === 1;
    },

    /** Takes back items that were counted but came to nothing. */
    async returnItems(owner: string, day: number, items: number): Promise<void> {
      await db
        .updateTable("usage_days")
        .set((set) => ({ items: set("items", "-", items) }))
        .where("owner", "=", owner)
        .where("day", "=", day)
        .execute();
    },

    async items(owner: string, day: number): Promise<number> {
      const row = await db
        .selectFrom("usage_days")
        .select("items")
        .where("owner", "=", owner)
        .where("day", "=", day)
        .executeTakeFirst();
      return row?.items ?? 0;
    },

    /** Bytes of an owner's resumable uploads. */
    async uploadedBytes(owner: string): Promise<number> {
      const row = await db
        .selectFrom("uploads")
        .select((sum) => sum.fn.coalesce(sum.fn.sum<number | string>("bytes"), sql<number>`0`).as("bytes"))
        .where("owner", "=", owner)
        .executeTakeFirstOrThrow();
      return Number(row.bytes);
    },

    async forget(owner: string): Promise<void> {
      await db.deleteFrom("usage_days").where("owner", "=", owner).execute();
    },
  };
}
