import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** After this time a request is deleted: a worker's id is never used again. */
const KEPT_MS = 24 * 3_600_000;

/** Workers that operators have asked to drain. */
export function drainRecords({ db, batch }: Database<Tables>) {
  return {
    async ask(worker: string, now: number): Promise<void> {
      await batch([
        db.deleteFrom("worker_drains").where("asked_at", "<", now - KEPT_MS),
        db
          .insertInto("worker_drains")
          .values({ worker, asked_at: now })
          .onConflict((known) => known.doNothing()),
      ]);
    },

    async isAsked(worker: string): Promise<boolean> {
      const row = await db
        .selectFrom("worker_drains")
        .select("worker")
        .where("worker", "=", worker)
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Workers that were asked to drain and may still be running. */
    async asked(): Promise<Set<string>> {
      const rows = await db.selectFrom("worker_drains").select("worker").limit(10_000).execute();
      return new Set(rows.map(({ worker }) => worker));
    },
  };
}
