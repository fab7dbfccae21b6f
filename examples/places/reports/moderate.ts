import type { Records } from "../records/open.ts";

export type Moderated = "accepted" | "rejected" | "unchanged";

/** Accepts or rejects a pending place. Other places stay as they are. */
export function moderate(records: Records, id: string, accepts: boolean): Promise<Moderated> {
  return records.change(async (change, now) => {
    const state = accepts ? ("accepted" as const) : ("rejected" as const);
    const changed = await change
      .updateTable("place")
      .set({ state, held: 0, updated_at: now })
      .where("id", "=", id)
      .where("state", "=", "pending")
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return "unchanged";
    if (accepts) await records.index.add(change, [id]);
    return state;
  });
}
