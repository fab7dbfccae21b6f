import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { OperatorJob } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { hasEnded, type JobState } from "../api/contract.ts";
import { formatDuration, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { navigate, useSearch } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { Page } from "../ui/page.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { ActDialog } from "./act-dialog.tsx";
import { jobSearchOf } from "./job-search.ts";
import { JobSearchForm } from "./job-search-form.tsx";
import { ListState } from "./list-state.tsx";

/** Jobs of all users. The search is in the URL. */
export function AllJobsPage() {
  const common = useText().common;
  const words = useConsoleText();
  const text = words.jobs;
  const search = jobSearchOf(useSearch());
  const isFiltered = Object.keys(search).length > 0;
  const [acting, setActing] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ["console", "jobs", search],
    queryFn: ({ pageParam, signal }) =>
      client.admin.jobs({ ...search, limit: 25, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  });
  const jobs = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Page title={words.sections.jobs} intro={text.intro}>
      <div className="space-y-4">
        <JobSearchForm key={JSON.stringify(search)} search={search} />
        <ListState
          query={query}
          isEmpty={jobs.length === 0}
          icon="search"
          title={isFiltered ? text.empty : text.none}
          hint={
            isFiltered ? (
              <>
                <p>{text.emptyHint}</p>
                <Button className="mt-4" onClick={() => navigate(paths.console("jobs"), { replace: true })}>
                  {words.clear}
                </Button>
              </>
            ) : (
              text.noneHint
            )
          }
        >
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p role="status" className="text-sm text-soft">
              {text.found(jobs.length, query.hasNextPage)}
            </p>
            {isFiltered && (
              <Button size="small" onClick={() => setActing(true)}>
                {text.act}
              </Button>
            )}
          </div>
          <Table label={words.sections.jobs} columns={columns} rows={jobs} keyOf={({ id }) => id} />
          {query.hasNextPage && (
            <div className="text-center">
              <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {common.loadMore}
              </Button>
            </div>
          )}
        </ListState>
      </div>
      {acting && <ActDialog search={search} onClose={() => setActing(false)} />}
    </Page>
  );
}

function useColumns(): Column<OperatorJob>[] {
  const text = useConsoleText().jobs;
  const accounts = useMe() !== null;
  const locale = useLocale();
  const now = useNow(15_000);
  const columns: (Column<OperatorJob> | false)[] = [
    {
      head: text.job,
      main: true,
      cell: (job) => (
        <>
          <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <Link href={paths.console("jobs", job.id)} className={linkLook}>
              {job.name || job.pipeline}
              <span className="sr-only"> {text.timelineOf(job.id)}</span>
            </Link>
            <StateBadge state={job.state as JobState} />
          </span>
          <span className="block text-xs break-all text-faint">
            {job.name ? `${job.pipeline} · ` : ""}
            <code className="font-mono">{job.id}</code>
          </span>
          {job.error && (
            <span lang="en" className="mt-0.5 line-clamp-2 text-[0.8125rem] break-words text-soft">
              <code className="font-mono text-xs text-bad">{job.error.code}</code> {job.error.message}
            </span>
          )}
        </>
      ),
    },
    accounts && {
      head: text.owner,
      cell: ({ owner }) => <span className="text-soft break-all">{owner || text.local}</span>,
    },
    {
      head: text.items,
      right: true,
      cell: ({ progress: { done, total, failed } }) => (
        <>
          {done} / {total}
          {failed > 0 && <span className="block text-xs text-bad">{text.failed(failed)}</span>}
        </>
      ),
    },
    {
      head: text.created,
      right: true,
      className: "whitespace-nowrap",
      cell: ({ createdAt }) => formatRelative(createdAt, now, locale),
    },
    { head: text.took, right: true, className: "whitespace-nowrap", cell: (job) => tookOf(job, now, locale) },
  ];
  return columns.filter((column) => column !== false);
}

function tookOf(job: OperatorJob, now: number, locale: string): string {
  if (!job.startedAt) return "";
  const end = hasEnded({ state: job.state as JobState }) && job.finishedAt ? Date.parse(job.finishedAt) : now;
  return formatDuration(Math.max(0, (end - Date.parse(job.startedAt)) / 1_000), locale);
}
