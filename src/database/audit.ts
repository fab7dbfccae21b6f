import type { AuditEntry } from "../domain/audit.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

export interface AuditQuery {
  actor?: string | undefined;
  action?: string | undefined;
  from?: number | undefined;
  to?: number | undefined;
  /** The last one on the previous page. */
  before?: string | undefined;
  limit: number;
}

export type AuditRecords = ReturnType<typeof auditRecords>;

/** How long the audit log is kept, in days. */
export const AUDIT_DAYS = 400;

/** The audit log, newest first. */
export function auditRecords({ db }: Database<Tables>) {
  return {
    async begin(entry: AuditEntry): Promise<void> {
      const { id, actor, action, at } = entry;
      await db
        .insertInto("audit")
        .values({ id, actor, action, at, body: JSON.stringify(entry) })
        .execute();
    },

    async finish(entry: AuditEntry): Promise<void> {
      await db
        .updateTable("audit")
        .set({ body: JSON.stringify(entry) })
        .where("id", "=", entry.id)
        .execute();
    },

    async list({ actor, action, from, to, before, limit }: AuditQuery): Promise<AuditEntry[]> {
      let rows = db.selectFrom("audit").select("body").orderBy("id", "desc").limit(limit);
      if (actor !== undefined) rows = rows.where("actor", "=", actor);
      if (action !== undefined) rows = rows.where("action", "=", action);
      if (from !== undefined) rows = rows.where("at", ">=", from);
      if (to !== undefined) rows = rows.where("at", "<", to);
      if (before !== undefined) rows = rows.where("id", "<", before);
      return (await rows.execute()).map(({ body }) => JSON.parse(body) as AuditEntry);
    },

    /** Deletes entries past their retention. Ids begin with their time. */
    async prune(firstKept: string): Promise<void> {
      await db.deleteFrom("audit").where("id", "<", firstKept).execute();
    },
  };
}
