import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { actOnSchedule, removeSchedule } from "../api/client.ts";
import type { Schedule } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { formatDueTime } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { useIsOperator, useMe } from "../session/session.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { DueTimes } from "./due-times.tsx";
import { intervalOf } from "./timing.ts";

type Action = "pause" | "resume" | "run" | "remove";

export function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const text = useText();
  const client = useQueryClient();
  const all = useIsOperator();
  const me = useMe();
  const isOwn = me === null || me.id === schedule.owner;
  const [removing, setRemoving] = useState(false);
  const act = useMutation({
    mutationFn: (action: Action) =>
      action === "remove" ? removeSchedule(schedule.id) : actOnSchedule({ all, id: schedule.id }, action),
    onSuccess: (_, action) => announce(text.schedules.done[action]),
    async onSettled() {
      setRemoving(false);
      await client.invalidateQueries({ queryKey: ["schedules"] });
    },
  });
  const { cron, timeZone, everySeconds, paused, next, definedInCode } = schedule;
  const name = schedule.name || schedule.pipeline;
  const interval = intervalOf(everySeconds ?? 0);
  return (
    <li className="card space-y-4 p-5" data-testid="schedule">
      <div>
        <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
          <h2 className="min-w-0 font-semibold break-words">{name}</h2>
          {paused && (
            <span className="rounded-full bg-warn-soft px-2.5 py-0.5 text-xs font-semibold text-warn">
              {text.schedules.isPaused}
            </span>
          )}
        </div>
        <p className="mt-0.5 text-sm text-soft">
          <code className="font-mono text-xs">{schedule.pipeline}</code> ·{" "}
          {cron === null ? (
            text.schedules.every[interval.unit](interval.count)
          ) : (
            <>
              <code className="font-mono text-xs">{cron}</code> ({timeZone})
            </>
          )}
          {definedInCode && ` · ${text.schedules.inCode}`}
        </p>
        <p className="mt-0.5 text-xs text-faint">
          {text.schedules.missed[schedule.missed]} · {text.schedules.overlap[schedule.overlap]}
        </p>
      </div>
      <div className="grid gap-4 text-sm sm:grid-cols-2">
        <div>
          <p className="text-soft">{text.schedules.next}</p>
          {paused ? <p>{text.schedules.paused}</p> : <DueTimes times={next} timeZone={timeZone} />}
        </div>
        <Last schedule={schedule} />
      </div>
      {act.error && <ProblemNotice problem={asProblem(act.error)} />}
      <div className="flex flex-wrap gap-2">
        <Button size="small" disabled={act.isPending} onClick={() => act.mutate("run")}>
          {text.schedules.run}
        </Button>
        <Button size="small" disabled={act.isPending} onClick={() => act.mutate(paused ? "resume" : "pause")}>
          {paused ? text.schedules.resume : text.schedules.pause}
        </Button>
        {isOwn && !definedInCode && (
          <Button size="small" look="quiet" icon="trash" onClick={() => setRemoving(true)}>
            {text.schedules.remove}
          </Button>
        )}
      </div>
      {removing && (
        <Confirm
          title={text.schedules.removeTitle(name)}
          message={text.schedules.removeMessage}
          action={text.schedules.remove}
          busy={act.isPending}
          onConfirm={() => act.mutate("remove")}
          onClose={() => setRemoving(false)}
        />
      )}
    </li>
  );
}

/** Outcome of the last due time, and the last job. */
function Last({ schedule: { last, lastJobId, timeZone } }: { schedule: Schedule }) {
  const text = useText().schedules;
  const locale = useLocale();
  if (!last && !lastJobId) return null;
  return (
    <div>
      <p className="text-soft">{text.last}</p>
      {last && (
        <>
          <p className="tabular-nums">{formatDueTime(last.dueAt, locale, timeZone)}</p>
          <p className={last.outcome === "failed" ? "break-words text-bad" : ""}>
            {text.outcomes[last.outcome]}
            {last.error && `: ${last.error.message}`}
          </p>
        </>
      )}
      {lastJobId && (
        <Link href={paths.job(lastJobId)} className="text-accent underline">
          {text.lastJob}
        </Link>
      )}
    </div>
  );
}
