import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Expired rows deleted with each write. */
const FORGET = 100;

/** The last download of a job's archive. */
export interface ArchiveDownloadRecord {
  jobId: string;
  owner: string;
  at: number;
  /** When the row may be deleted. */
  forgetAt: number;
}

export type ArchiveDownloadRecords = ReturnType<typeof archiveDownloadRecords>;

export function archiveDownloadRecords({ db, batch }: Database<Tables>) {
  return {
    /** Records a download, unless a later one is recorded. Also deletes some expired rows. */
    async record({ jobId, owner, at, forgetAt }: ArchiveDownloadRecord): Promise<void> {
      const over = db
        .selectFrom("archive_downloads")
        .select("job_id")
        .where("forget_at", "<=", at)
        .limit(FORGET);
      await batch([
        db.deleteFrom("archive_downloads").where("job_id", "in", over),
        db
          .insertInto("archive_downloads")
          .values({ job_id: jobId, owner, at, forget_at: forgetAt })
          .onConflict((known) =>
            known
              .column("job_id")
              .doUpdateSet({ at, forget_at: forgetAt })
              .where("archive_downloads.at", "<", at),
          ),
      ]);
    },

    /** When each job's archive was last downloaded. Jobs that were never downloaded are missing. */
    async lastOf(jobIds: readonly string[]): Promise<Map<string, number>> {
      if (jobIds.length === 0) return new Map();
      const rows = await db
        .selectFrom("archive_downloads")
        .select(["job_id", "at"])
        .where("job_id", "in", jobIds)
        .execute();
      return new Map(rows.map(({ job_id, at }) => [job_id, at]));
    },

    async removeAll(owner: string): Promise<void> {
      await db.deleteFrom("archive_downloads").where("owner", "=", owner).execute();
    },
  };
}
