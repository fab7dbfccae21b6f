import type { EventType } from "../domain/records.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** A call to an address in the `notify` of a job that has ended. */
export interface NotifyCall {
  id: string;
  owner: string;
  jobId: string;
  /** Type and time of the event that ended it. */
  type: EventType;
  at: number;
  url: string;
}

export type NotifyCallRecords = ReturnType<typeof notifyCallRecords>;

/** Written by the stores together with the job's event; each becomes a webhook delivery. */
export function notifyCallRecords({ db }: Database<Tables>) {
  return {
    /** Oldest first. */
    async waiting(limit: number): Promise<NotifyCall[]> {
      const rows = await db.selectFrom("notify_calls").selectAll().orderBy("id").limit(limit).execute();
      return rows.map(({ job_id, type, ...row }) => ({ ...row, jobId: job_id, type: type as EventType }));
    },

    async done(id: string): Promise<void> {
      await db.deleteFrom("notify_calls").where("id", "=", id).execute();
    },
  };
}
