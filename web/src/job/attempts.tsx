import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listAttempts } from "../api/client.ts";
import type { Attempt } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime, formatMs } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { useIsOperator } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Fold } from "../ui/fold.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";

interface Props {
  jobId: string;
  /** Index of an item. @default attempts of the whole job */
  index?: number;
  part?: number;
  /** Show it as a card. @default false */
  card?: boolean;
}

/** Outcomes of all attempts, with stack traces. Only for operators, because only they have access. */
export function Attempts(props: Props) {
  const text = useText();
  const isOperator = useIsOperator();
  const [open, setOpen] = useState(false);
  if (!isOperator) return null;
  if (props.card) {
    return (
      <Fold title={text.job.attempts} onToggle={setOpen}>
        {open && <List {...props} />}
      </Fold>
    );
  }
  return (
    <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-soft">{text.job.attempts}</summary>
      {open && <List {...props} />}
    </details>
  );
}

function List({ jobId, index, part }: Props) {
  const text = useText();
  const query = useInfiniteQuery({
    queryKey: ["job", jobId, "attempts", index ?? null, part ?? null],
    queryFn: ({ pageParam, signal }) => listAttempts(jobId, { index, part, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  if (query.error) {
    return <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />;
  }
  const attempts = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <ol aria-label={text.job.attempts} className="mt-2 space-y-2">
        {attempts.map((attempt) => (
          <Row
            key={`${attempt.taskId} ${attempt.run} ${attempt.step} ${attempt.attempt} ${attempt.outcome} ${attempt.startedAt}`}
            attempt={attempt}
            named={index === undefined}
          />
        ))}
        {query.isPending && <li className="text-faint">{text.job.reading}</li>}
        {query.isSuccess && attempts.length === 0 && <li className="text-faint">{text.common.none}</li>}
      </ol>
      {query.hasNextPage && (
        <Button
          size="small"
          className="mt-2"
          disabled={query.isFetching}
          onClick={() => void query.fetchNextPage()}
        >
          {text.common.loadMore}
        </Button>
      )}
    </>
  );
}

const tones: Record<Attempt["outcome"], string> = {
  running: "text-accent",
  succeeded: "text-good",
  failed: "text-bad",
  lost: "text-warn",
  died: "text-bad",
};

/** @param named whether to show whose attempt it is */
function Row({ attempt, named }: { attempt: Attempt; named: boolean }) {
  const text = useText();
  const locale = useLocale();
  const { index, part, name, step, outcome, startedAt, ms, worker, error, run } = attempt;
  const whose = [
    name || (index !== null && text.job.itemNumber(index + 1)),
    part !== null && text.job.partNumber(part + 1),
  ];
  const facts = [
    run > 1 && text.job.run(run),
    startedAt && formatDateTime(startedAt, locale),
    ms !== null && !attempt.cached && formatMs(ms, locale),
    worker && text.job.worker(worker),
  ].filter(Boolean);
  return (
    <li className="rounded-xl bg-sunken px-3.5 py-2.5">
      <p className="flex flex-wrap items-baseline gap-x-2.5">
        {named && index !== null && (
          <span className="font-medium break-all">{whose.filter(Boolean).join(", ")}</span>
        )}
        <span className="font-medium">{step}</span>
        {!attempt.cached && <span>{text.job.attempt(attempt.attempt)}</span>}
        <span className={`font-semibold ${tones[outcome]}`}>
          {attempt.cached ? text.job.cached : text.job.outcomes[outcome]}
        </span>
      </p>
      <p className="text-xs break-all text-faint tabular-nums">{facts.join(" · ")}</p>
      {error && (
        <p lang="en" className="mt-1 break-words text-soft">
          <code className="font-mono text-xs">{error.code}</code> {error.message}
        </p>
      )}
      {error?.detail && (
        <pre
          lang="en"
          className="mt-2 max-h-72 overflow-auto rounded-lg bg-surface p-3 font-mono text-xs whitespace-pre-wrap"
        >
          {error.detail}
        </pre>
      )}
    </li>
  );
}
