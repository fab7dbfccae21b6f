import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { actOnSchedule, listSchedules, removeSchedule } from "../api/client.ts";
import type { Schedule } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ScheduleForm } from "./schedule-form.tsx";

/** What starts by itself, and when. */
export function SchedulesPage() {
  const text = useText();
  const schedules = useQuery({
    queryKey: ["schedules"],
    queryFn: ({ signal }) => listSchedules(signal),
    refetchInterval: 10_000,
  });
  return (
    <Page title={text.schedules.title} intro={text.schedules.intro}>
      <div className="space-y-6">
        {schedules.isPending && <Skeleton rows={2} height="7rem" />}
        {schedules.error && !schedules.data && (
          <ProblemNotice problem={asProblem(schedules.error)} onRetry={() => void schedules.refetch()} />
        )}
        {schedules.data?.length === 0 && <p className="text-soft">{text.schedules.empty}</p>}
        <ul className="space-y-3">
          {schedules.data?.map((schedule) => (
            <ScheduleCard key={schedule.id} schedule={schedule} />
          ))}
        </ul>
        <ScheduleForm />
      </div>
    </Page>
  );
}

function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const text = useText();
  const locale = useLocale();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: (action: "pause" | "resume" | "run" | "remove") =>
      action === "remove" ? removeSchedule(schedule.id) : actOnSchedule(schedule.id, action),
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  const { cron, timeZone, everySeconds, paused, next, last, lastJobId } = schedule;
  return (
    <li className="card space-y-3 p-5">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="font-semibold">{schedule.name || schedule.pipeline}</h2>
        <span className="text-sm text-soft">{schedule.pipeline}</span>
        <code className="font-mono text-sm">
          {cron === null ? text.schedules.every(everySeconds ?? 0) : `${cron} (${timeZone})`}
        </code>
      </div>
      {paused ? (
        <p className="text-sm text-warn">{text.schedules.paused}</p>
      ) : (
        <div className="text-sm">
          <p className="text-soft">{text.schedules.next}</p>
          <ol className="tabular-nums">
            {next.map((time) => (
              <li key={time}>{formatDateTime(time, locale)}</li>
            ))}
          </ol>
        </div>
      )}
      {last && (
        <p className="text-sm text-soft">
          {formatDateTime(last.dueAt, locale)}: {text.schedules.outcomes[last.outcome]}
          {last.error && ` (${last.error.message})`}
        </p>
      )}
      {lastJobId && (
        <Link href={paths.job(lastJobId)} className="text-sm text-accent underline">
          {text.schedules.lastJob}
        </Link>
      )}
      {act.error && <ProblemNotice problem={asProblem(act.error)} />}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => act.mutate("run")}>{text.schedules.run}</Button>
        <Button onClick={() => act.mutate(paused ? "resume" : "pause")}>
          {paused ? text.schedules.resume : text.schedules.pause}
        </Button>
        {!schedule.definedInCode && (
          <Button onClick={() => act.mutate("remove")}>{text.schedules.remove}</Button>
        )}
      </div>
    </li>
  );
}
