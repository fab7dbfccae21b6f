import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

export type ChoreRecords = ReturnType<typeof choreRecords>;

/** Periodic chores of an installation, done by whichever process is first. */
export function choreRecords({ db }: Database<Tables>) {
  return {
    /**
     * Whether the chore is due, `everyMs` after it was last begun. Of several concurrent callers, only one gets true.
     */
    async begin(name: string, now: number, everyMs: number): Promise<boolean> {
      const first = await db
        .insertInto("chores")
        .values({ name, begun_at: now })
        .onConflict((known) => known.doNothing())
        .executeTakeFirst();
      if (first.numInsertedOrUpdatedRows === 1n) return true;
      const again = await db
        .updateTable("chores")
        .set({ begun_at: now })
        .where("name", "=", name)
        // A clock that was ahead for a while must not postpone it forever.
        .where((or) => or.or([or("begun_at", "<=", now - everyMs), or("begun_at", ">", now + everyMs)]))
        .executeTakeFirst();
      return again.numUpdatedRows === 1n;
    },

    /** The chore failed, so it is due again at once. */
    async abandon(name: string): Promise<void> {
      await db.deleteFrom("chores").where("name", "=", name).execute();
    },
  };
}
