import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { listPipelines } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useDownloads } from "../downloads/use-downloads.ts";
import { useNow } from "../format/use-now.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { navigate, useSearch } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { JobFilters } from "./job-filters.tsx";
import { JobRow } from "./job-row.tsx";
import { NoJobs } from "./no-jobs.tsx";
import { SelectionBar } from "./selection-bar.tsx";
import { type JobFilter, useJobs } from "./use-jobs.ts";
import { useSelection } from "./use-selection.ts";

const names = ["q", "state", "pipeline"] as const;
const noFilter: JobFilter = { q: "", state: "", pipeline: "" };

export function JobsPage() {
  const text = useText();
  const now = useNow(15_000);
  const search = useSearch();
  const filter = Object.fromEntries(
    names.map((name) => [name, search.get(name) ?? ""]),
  ) as unknown as JobFilter;
  const jobs = useJobs(filter);
  const downloads = useDownloads();
  const pipelines = useQuery({
    queryKey: ["pipelines"],
    queryFn: ({ signal }) => listPipelines(signal),
    staleTime: 60_000,
  });
  const titles = new Map(pipelines.data?.map(({ name, title }) => [name, title]));
  const list = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  const selection = useSelection(list);

  const setFilter = useCallback((change: Partial<JobFilter>) => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(change)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    navigate(query.size > 0 ? `${paths.jobs}?${query}` : paths.jobs, { replace: true });
  }, []);

  return (
    <Page title={text.jobs.title} intro={text.jobs.intro}>
      <div className="mb-5">
        <JobFilters filter={filter} pipelines={pipelines.data ?? []} onChange={setFilter} />
      </div>
      {jobs.error && list.length === 0 && (
        <ProblemNotice problem={asProblem(jobs.error)} onRetry={() => void jobs.refetch()} />
      )}
      {jobs.isPending && <Skeleton rows={5} height="5rem" />}
      {jobs.data && list.length === 0 && !jobs.hasNextPage && (
        <NoJobs filtered={names.some((name) => filter[name] !== "")} onClear={() => setFilter(noFilter)} />
      )}
      {list.length > 0 && (
        <>
          <SelectionBar selection={selection} />
          <ul aria-label={text.jobs.listLabel} className="card divide-y divide-line overflow-hidden">
            {list.map((job) => (
              <JobRow
                key={job.id}
                job={job}
                kind={pipelineTitle(text, job.pipeline, titles.get(job.pipeline))}
                now={now}
                downloading={downloads.get(job.id)}
                selected={selection.has(job.id)}
                onSelect={selection.toggle}
              />
            ))}
          </ul>
        </>
      )}
      {jobs.hasNextPage && (
        <div className="mt-5 text-center">
          <Button onClick={() => void jobs.fetchNextPage()} disabled={jobs.isFetchingNextPage}>
            {text.common.loadMore}
          </Button>
        </div>
      )}
    </Page>
  );
}
