import { useQuery } from "@tanstack/react-query";
import { listPipelines } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
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
import { type JobFilter, useJobs } from "./use-jobs.ts";

export function JobsPage() {
  const text = useText();
  const now = useNow(15_000);
  const search = useSearch();
  const filter: JobFilter = { state: search.get("state") ?? "", pipeline: search.get("pipeline") ?? "" };
  const jobs = useJobs(filter);
  const pipelines = useQuery({
    queryKey: ["pipelines"],
    queryFn: ({ signal }) => listPipelines(signal),
    staleTime: 60_000,
  });
  const titles = new Map(pipelines.data?.map(({ name, title }) => [name, title]));
  const list = jobs.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = filter.state !== "" || filter.pipeline !== "";

  function setFilter(change: Partial<JobFilter>): void {
    const next = Object.entries({ ...filter, ...change }).filter(([, value]) => value);
    const query = new URLSearchParams(next).toString();
    navigate(query ? `${paths.jobs}?${query}` : paths.jobs, { replace: true });
  }

  return (
    <Page
      title={text.jobs.title}
      intro={text.jobs.intro}
      actions={<JobFilters filter={filter} pipelines={pipelines.data ?? []} onChange={setFilter} />}
    >
      {jobs.error && list.length === 0 && (
        <ProblemNotice problem={asProblem(jobs.error)} onRetry={() => void jobs.refetch()} />
      )}
      {jobs.isPending && <Skeleton rows={5} height="5rem" />}
      {jobs.data && list.length === 0 && (
        <NoJobs filtered={filtered} onClear={() => setFilter({ state: "", pipeline: "" })} />
      )}
      {list.length > 0 && (
        <ul aria-label={text.jobs.listLabel} className="card divide-y divide-line overflow-hidden">
          {list.map((job) => (
            <JobRow
              key={job.id}
              job={job}
              title={pipelineTitle(text, job.pipeline, titles.get(job.pipeline))}
              now={now}
            />
          ))}
        </ul>
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
