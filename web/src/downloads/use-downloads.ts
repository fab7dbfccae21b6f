import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Job, JobEvent, Page } from "../api/contract.ts";
import { openUserStream } from "../api/event-stream.ts";

/** Progress of archive downloads by job id, from 0 to 1. */
export type Downloads = ReadonlyMap<string, number>;

/** The server repeats the progress of a stalled download every 5 s. After this silence, the download is gone. */
const silenceMs = 12_000;

/** Follows all downloads of the user's archives, whoever started them. */
export function useDownloads(): Downloads {
  const client = useQueryClient();
  const [downloads, setDownloads] = useState<Downloads>(new Map());

  useEffect(() => {
    const timers = new Map<string, ReturnType<typeof setTimeout>>();
    const drop = (jobId: string) => setDownloads((now) => withDownload(now, jobId, null));
    const stream = openUserStream({
      onEvent(type, { jobId, archive }) {
        if (type !== "archive.progress" || !archive) return;
        clearTimeout(timers.get(jobId));
        timers.delete(jobId);
        if (archive.downloads > 0)
          timers.set(
            jobId,
            setTimeout(() => drop(jobId), silenceMs),
          );
        setDownloads((now) => withDownload(now, jobId, archive));
        if (archive.downloadedAt) setDownloadedAt(client, jobId, archive.downloadedAt);
      },
      onResync() {},
    });
    return () => {
      stream.close();
      for (const timer of timers.values()) clearTimeout(timer);
    };
  }, [client]);

  return downloads;
}

export function withDownload(
  downloads: Downloads,
  jobId: string,
  archive: NonNullable<JobEvent["archive"]> | null,
): Downloads {
  const next = new Map(downloads);
  if (archive && archive.downloads > 0) next.set(jobId, archive.sentBytes / Math.max(1, archive.totalBytes));
  else next.delete(jobId);
  return next;
}

/** Shows it at once, without asking the server. */
function setDownloadedAt(client: QueryClient, jobId: string, downloadedAt: string): void {
  const changed = (job: Job) => (job.id === jobId ? { ...job, archive: { downloadedAt } } : job);
  client.setQueryData<Job>(["job", jobId], (job) => job && changed(job));
  client.setQueriesData<InfiniteData<Page<Job>>>(
    { queryKey: ["jobs"] },
    (list) =>
      list && { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(changed) })) },
  );
}
