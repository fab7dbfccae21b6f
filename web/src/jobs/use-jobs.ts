import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { listJobs } from "../api/client.ts";
import { hasEnded, type Job, type JobEvent, type Page } from "../api/contract.ts";
import { openUserStream } from "../api/event-stream.ts";
import { throttled } from "../job/throttle.ts";

export interface JobFilter {
  state: string;
  pipeline: string;
  q: string;
}

type Pages = InfiniteData<Page<Job>, string | null>;

const refreshMs = 600;

/** The list of jobs, kept up to date by the event stream. */
export function useJobs(filter: JobFilter) {
  const client = useQueryClient();
  const { state, pipeline, q } = filter;
  const query = useInfiniteQuery<Page<Job>, Error, Pages, string[], string | null>({
    queryKey: ["jobs", state, pipeline, q],
    queryFn: ({ pageParam, signal }) => listJobs({ state, pipeline, q, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  });

  useEffect(() => {
    const refresh = throttled(() => client.invalidateQueries({ queryKey: ["jobs"] }), refreshMs);
    const stream = openUserStream({
      onEvent(type, data) {
        if (type.startsWith("job.")) refresh.ask();
        else client.setQueriesData<Pages>({ queryKey: ["jobs"] }, (pages) => withProgress(pages, data));
      },
      onResync: refresh.ask,
      onOpen: refresh.ask,
    });
    return () => {
      stream.close();
      refresh.stop();
    };
  }, [client]);

  return query;
}

/** Updates a progress bar without asking the server. */
export function withProgress(pages: Pages | undefined, { jobId, progress }: JobEvent): Pages | undefined {
  if (!pages || !progress) return pages;
  let changed = false;
  const next = pages.pages.map((page) => ({
    ...page,
    items: page.items.map((job) => {
      if (job.id !== jobId || hasEnded(job) || progress.fraction < job.progress.fraction) return job;
      changed = true;
      return { ...job, progress };
    }),
  }));
  return changed ? { ...pages, pages: next } : pages;
}
