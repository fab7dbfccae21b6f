import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listAttempts } from "../api/client.ts";
import type { Attempt } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime, formatMs } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { StackTrace } from "./stack-trace.tsx";
import { placeOf, type Span, tasksOf } from "./time-span.ts";

const tones: Record<Attempt["outcome"], { text: string; bar: string }> = {
  running: { text: "text-accent", bar: "bg-accent animate-[breathe_1.6s_ease-in-out_infinite]" },
  succeeded: { text: "text-good", bar: "bg-good" },
  failed: { text: "text-bad", bar: "bg-bad" },
  lost: { text: "text-warn", bar: "bg-warn" },
  died: { text: "text-bad", bar: "bg-bad" },
};

interface Props {
  attempts: readonly Attempt[];
  span: Span;
  /** Number of parts, for a split item. */
  parts: number;
  jobId: string;
}

/** Attempts at one task, each with a bar on the job's time line. */
export function TaskAttempts({ attempts, span, parts, jobId }: Props) {
  const words = useConsoleText().timeline;
  const { index, part, name } = attempts[0]!;
  const place = [
    index === null ? words.whole : words.item(index + 1),
    part !== null && words.part(part + 1),
  ].filter(Boolean);
  return (
    <li className="px-4 py-4 sm:px-5">
      <p className="flex flex-wrap items-baseline gap-x-2.5">
        <span className="font-medium break-all">{name || place.join(", ")}</span>
        {name && <span className="text-xs text-faint">{place.join(", ")}</span>}
      </p>
      <ol className="mt-2 space-y-2.5">
        {attempts.map((attempt) => (
          <Row
            key={`${attempt.run} ${attempt.step} ${attempt.attempt} ${attempt.outcome} ${attempt.startedAt}`}
            attempt={attempt}
            span={span}
          />
        ))}
      </ol>
      {parts > 0 && index !== null && <Parts jobId={jobId} index={index} count={parts} span={span} />}
    </li>
  );
}

function Row({ attempt, span }: { attempt: Attempt; span: Span }) {
  const words = useConsoleText().timeline;
  const locale = useLocale();
  const { outcome, startedAt, ms, worker, error, run, cached } = attempt;
  const now = useNow(1_000, outcome === "running");
  const place = placeOf(attempt, span, now);
  const took = ms ?? (startedAt === null ? null : Math.max(0, now - Date.parse(startedAt)));
  const facts = [
    run > 1 && words.run(run),
    startedAt && formatDateTime(startedAt, locale),
    worker && words.worker(worker),
  ].filter(Boolean);
  return (
    <li>
      <div className="grid items-center gap-x-4 gap-y-1 text-sm sm:grid-cols-[14rem_minmax(0,1fr)_5rem]">
        <p className="flex flex-wrap gap-x-2">
          <span className="break-all">{attempt.step}</span>
          {!cached && <span className="text-faint">{words.attempt(attempt.attempt)}</span>}
          <span className={classes("font-semibold", tones[outcome].text)}>
            {cached ? words.cached : words.outcomes[outcome]}
          </span>
        </p>
        <div aria-hidden="true" className="relative h-2.5 rounded-full bg-sunken">
          {place && (
            <span
              className={classes("absolute inset-y-0 rounded-full", tones[outcome].bar)}
              style={{ left: `${place.left}%`, width: `${place.width}%` }}
            />
          )}
        </div>
        <p className="text-xs text-soft tabular-nums sm:text-right">
          {took !== null && !cached ? formatMs(took, locale) : ""}
        </p>
      </div>
      <p className="mt-0.5 text-xs break-all text-faint tabular-nums">{facts.join(" · ")}</p>
      {error && <StackTrace error={error} />}
    </li>
  );
}

/** Attempts at an item's parts, loaded on demand. */
function Parts({ jobId, index, count, span }: { jobId: string; index: number; count: number; span: Span }) {
  const common = useText().common;
  const words = useConsoleText().timeline;
  const [open, setOpen] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ["console", "timeline", jobId, index],
    queryFn: ({ pageParam, signal }) => listAttempts(jobId, { index, limit: 50, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    enabled: open,
  });
  const attempts = query.data?.pages.flatMap((page) => page.items).filter(({ part }) => part !== null) ?? [];
  return (
    <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-[0.8125rem] font-medium text-soft">{words.partsOf(count)}</summary>
      {query.error && <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      <ol className="mt-2 border-l-2 border-line">
        {tasksOf(attempts).map((task) => (
          <TaskAttempts key={task[0]!.taskId} attempts={task} span={span} parts={0} jobId={jobId} />
        ))}
      </ol>
      {query.hasNextPage && (
        <Button size="small" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
          {common.loadMore}
        </Button>
      )}
    </details>
  );
}
