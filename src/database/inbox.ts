import type { Database } from "../ports/database.ts";
import type { InboxRow, Tables } from "./tables.ts";

export type InboxRecords = ReturnType<typeof inboxRecords>;

const NAME = "inbox";

/** Jobs submitted by SQL that have not been created yet. */
export function inboxRecords({ db }: Database<Tables>) {
  return {
    /** Oldest first. */
    waiting(limit: number): Promise<InboxRow[]> {
      return db
        .selectFrom("inbox")
        .selectAll()
        .where("taken_at", "is", null)
        .orderBy("id")
        .limit(limit)
        .execute();
    },

    async one(id: string): Promise<InboxRow | null> {
      const query = db.selectFrom("inbox").selectAll().where("id", "=", id).where("taken_at", "is", null);
      return (await query.executeTakeFirst()) ?? null;
    },

    /** Marks rows as turned into jobs. Rows with a key stay for a while, so that the key still finds its job. */
    async taken(ids: readonly string[], now: number): Promise<void> {
      const these = db.deleteFrom("inbox").where("id", "in", ids);
      await these.where("idempotency_key", "is", null).execute();
      await db.updateTable("inbox").set({ taken_at: now }).where("id", "in", ids).execute();
    },

    /** Deletes rows whose keys have expired. */
    async forget(takenBefore: number): Promise<void> {
      await db.deleteFrom("inbox").where("taken_at", "<", takenBefore).execute();
    },

    /** Makes this process the reader until `until`; false if another one is. */
    async lead(reader: string, now: number, until: number): Promise<boolean> {
      const first = await db
        .insertInto("inbox_readers")
        .values({ name: NAME, reader, until })
        .onConflict((known) => known.doNothing())
        .executeTakeFirst();
      if (first.numInsertedOrUpdatedRows === 1n) return true;
      const again = await db
        .updateTable("inbox_readers")
        .set({ reader, until })
        .where("name", "=", NAME)
        .where((or) => or.or([or("reader", "=", reader), or("until", "<", now)]))
        .executeTakeFirst();
      return again.numUpdatedRows === 1n;
    },

    /** Lets the next reader take over at once. */
    async resign(reader: string): Promise<void> {
      await db.deleteFrom("inbox_readers").where("name", "=", NAME).where("reader", "=", reader).execute();
    },
  };
}
