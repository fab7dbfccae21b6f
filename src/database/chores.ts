import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

export type ChoreRecords = ReturnType<typeof choreRecords>;

/** What the processes of an installation do once in a while, whichever comes first. */
export function choreRecords({ db }: Database<Tables>) {
  return {
    /** Whether the chore is due, `everyMs` after it was begun last: so it is for one of those who ask. */
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
        // A clock that was ahead for a while must not put it off for ever.
        .where((or) => or.or([or("begun_at", "<=", now - everyMs), or("begun_at", ">", now + everyMs)]))
        .executeTakeFirst();
      return again.numUpdatedRows === 1n;
    },

    /** It came to nothing: it is due at once. */
    async abandon(name: string): Promise<void> {
      await db.deleteFrom("chores").where("name", "=", name).execute();
    },
  };
}
