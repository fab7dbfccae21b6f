import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { listAttempts } from "../api/client.ts";
import type { Attempt } from "../api/contract.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { jobQuery } from "./api.ts";
import { deadLettersPath } from "./dead-letters.ts";
import { JobSummary } from "./job-summary.tsx";
import { ListState } from "./list-state.tsx";
import { TaskAttempts } from "./task-attempts.tsx";
import { spanOf, tasksOf } from "./time-span.ts";

/** Every attempt at a job's tasks on a time line. */
export function TimelinePage({ id }: { id: string }) {
  const common = useText().common;
  const words = useConsoleText();
  const text = words.timeline;
  const job = useQuery(jobQuery(id));
  const query = useInfiniteQuery({
    queryKey: ["console", "timeline", id],
    queryFn: ({ pageParam, signal }) => listAttempts(id, { limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const attempts = query.data?.pages.flatMap((page) => page.items) ?? [];
  const span = spanOf(attempts, Date.now());
  const dead = deadTasks(attempts);
  return (
    <Page
      title={text.title}
      intro={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          {job.data && <StateBadge state={job.data.state} />}
          {job.data && <span className="text-sm">{job.data.pipeline}</span>}
          <code className="font-mono text-xs break-all">{id}</code>
        </span>
      }
      actions={
        <nav className="order-first flex w-full flex-wrap items-center gap-x-5 gap-y-1 text-sm font-medium">
          <Link
            href={paths.console("jobs")}
            className="inline-flex items-center gap-1 text-soft hover:text-ink"
          >
            <Icon name="left" className="-ml-1" />
            {words.sections.jobs}
          </Link>
        </nav>
      }
    >
      <ListState
        query={query}
        isEmpty={attempts.length === 0}
        icon="clock"
        title={text.empty}
        hint={text.emptyHint}
      >
        <div className="space-y-5">
          {job.data && <JobSummary job={job.data} />}
          {dead > 0 && (
            <p className="flex flex-wrap items-center justify-between gap-3 rounded-xl bg-bad-soft px-4 py-3 text-sm font-medium">
              {text.dead(dead)}
              <Link
                href={deadLettersPath({ jobId: id })}
                className="font-semibold text-bad underline underline-offset-2"
              >
                {text.deadShow}
              </Link>
            </p>
          )}
          <ol aria-label={text.legend} className="card divide-y divide-line">
            {tasksOf(attempts).map((task) => (
              <TaskAttempts
                key={task[0]!.taskId}
                attempts={task}
                span={span}
                parts={job.data?.items.find(({ index }) => index === task[0]!.index)?.parts.total ?? 0}
                jobId={id}
              />
            ))}
          </ol>
          {query.hasNextPage && (
            <Button disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
              {common.loadMore}
            </Button>
          )}
        </div>
      </ListState>
    </Page>
  );
}

/** Number of tasks whose last attempt failed. */
function deadTasks(attempts: readonly Attempt[]): number {
  return tasksOf(attempts).filter((task) => {
    const last = task.at(-1)!.outcome;
    return last === "failed" || last === "died";
  }).length;
}
