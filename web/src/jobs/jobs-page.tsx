import { useQuery } from "@tanstack/react-query";
import { listPipelines } from "../api/client.ts";
import { jobStates } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useNow } from "../format/use-now.ts";
import { useText } from "../i18n/locale.ts";
import { pipelineTitle } from "../pipelines/title.ts";
import { Link } from "../router/link.tsx";
import { navigate, useSearch } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { Select } from "../ui/inputs.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { JobRow } from "./job-row.tsx";
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
      actions={
        <div className="flex flex-wrap gap-2">
          <Select
            aria-label={text.jobs.state}
            value={filter.state}
            onChange={(event) => setFilter({ state: event.target.value })}
          >
            <option value="">{text.jobs.allStates}</option>
            {jobStates.map((state) => (
              <option key={state} value={state}>
                {text.states[state]}
              </option>
            ))}
          </Select>
          <Select
            aria-label={text.jobs.pipeline}
            value={filter.pipeline}
            onChange={(event) => setFilter({ pipeline: event.target.value })}
          >
            <option value="">{text.jobs.allPipelines}</option>
            {pipelines.data?.map(({ name, title }) => (
              <option key={name} value={name}>
                {pipelineTitle(text, name, title)}
              </option>
            ))}
          </Select>
        </div>
      }
    >
      {jobs.error && list.length === 0 && (
        <ProblemNotice problem={asProblem(jobs.error)} onRetry={() => void jobs.refetch()} />
      )}
      {jobs.isPending && <Skeleton rows={5} height="5rem" />}
      {jobs.data && list.length === 0 && (
        <Empty icon="list" title={filtered ? text.jobs.noMatch : text.jobs.empty}>
          <p className="mt-1 text-soft">{filtered ? text.jobs.noMatchHint : text.jobs.emptyHint}</p>
          <div className="mt-6">
            {filtered ? (
              <Button onClick={() => setFilter({ state: "", pipeline: "" })}>{text.jobs.clearFilters}</Button>
            ) : (
              <Link
                href={paths.convert}
                className="inline-flex min-h-10 items-center rounded-[0.625rem] bg-accent px-4 text-sm font-medium text-on-accent hover:bg-accent-strong"
              >
                {text.jobs.emptyAction}
              </Link>
            )}
          </div>
        </Empty>
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
