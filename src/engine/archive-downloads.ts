import type { ArchiveDownloadRecords } from "../database/archive-downloads.ts";
import { FORGET_MS } from "../domain/job-spec.ts";
import type { JobRecord } from "../domain/records.ts";
import type { Store } from "../ports/store/store.ts";

/** When archives of jobs were last downloaded. */
export interface ArchiveDownloads {
  /** Records a download that was completed just now. Returns the time. */
  record(job: Pick<JobRecord, "id" | "owner" | "expiresAt">): Promise<number>;
  /** When each job's archive was last downloaded. Jobs that were never downloaded are missing, and so are open jobs. */
  lastOf(jobs: readonly Pick<JobRecord, "id" | "finishedAt">[]): Promise<ReadonlyMap<string, number>>;
  removeAll(owner: string): Promise<void>;
}

export function createArchiveDownloads(
  records: ArchiveDownloadRecords,
  store: Pick<Store, "now">,
): ArchiveDownloads {
  return {
    async record({ id: jobId, owner, expiresAt }) {
      const at = store.now();
      await records.record({ jobId, owner, at, forgetAt: (expiresAt ?? at) + FORGET_MS });
      return at;
    },
    lastOf: (jobs) => records.lastOf(jobs.filter((job) => job.finishedAt !== null).map(({ id }) => id)),
    removeAll: records.removeAll,
  };
}
