import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Operation } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatDateTime, formatPercent } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { operationQuery } from "./api.ts";
import { DetailList } from "./detail-list.tsx";
import { ListState } from "./list-state.tsx";
import { isOpen, OperationState, toneOf } from "./operation-state.tsx";

/** An operation's progress and results, with a way to stop it. */
export function OperationPage({ id }: { id: string }) {
  const words = useConsoleText();
  const text = words.operations;
  const query = useQuery(operationQuery(id));
  const one = query.data;
  return (
    <Page
      title={one ? (text.kinds[`${one.action} ${one.target}`] ?? one.action) : words.sections.operations}
      intro={one && <OperationState operation={one} />}
      actions={
        <Link
          href={paths.console("operations")}
          className="order-first inline-flex w-full items-center gap-1 text-sm font-medium text-soft hover:text-ink"
        >
          <Icon name="left" className="-ml-1" />
          {words.sections.operations}
        </Link>
      }
    >
      <ListState query={query} isEmpty={false} icon="retry" title={text.empty}>
        {one && <Progress operation={one} />}
      </ListState>
    </Page>
  );
}

function Progress({ operation: one }: { operation: Operation }) {
  const words = useConsoleText();
  const text = words.operations;
  const locale = useLocale();
  const queries = useQueryClient();
  const [stopping, setStopping] = useState(false);
  const took = (next: Operation) => queries.setQueryData(operationQuery(one.id).queryKey, next);
  const start = useMutation({ mutationFn: () => client.admin.startOperation(one.id), onSuccess: took });
  const stop = useMutation({
    mutationFn: () => client.admin.stopOperation(one.id),
    onSuccess(next) {
      took(next);
      setStopping(false);
    },
  });
  const left = Math.max(0, one.matched - one.done - one.skipped);
  const isReplay = one.action === "replay";
  const counts: [string, number, tone?: string][] = [
    [text.matched, one.matched],
    [text.doneBy[one.action], one.done],
    ...(isReplay
      ? ([
          [text.watching, one.watching],
          [text.returned, one.returned, "text-bad"],
        ] as const)
      : []),
    [text.skipped, one.skipped, "text-warn"],
    [text.remaining, left],
  ].map(([name, value, tone]) => [name as string, value as number, tone as string | undefined]);
  return (
    <div className="space-y-5">
      <section className="card space-y-5 p-5 sm:p-6">
        <div>
          <div className="mb-2 flex items-baseline justify-between gap-4">
            <p className="text-lg font-semibold">{text.said[one.state](one.matched)}</p>
            <p className="text-2xl font-semibold tabular-nums">{formatPercent(one.fraction, locale)}</p>
          </div>
          <ProgressBar fraction={one.fraction} label={text.progress} tone={toneOf(one)} />
        </div>
        {one.reason && (
          <p role="status" lang="en" className="rounded-xl bg-warn-soft px-4 py-3 text-sm break-words">
            {one.reason}
          </p>
        )}
        <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3 lg:grid-cols-6">
          {counts.map(([name, value, tone]) => (
            <div key={name}>
              <dt className="text-xs text-faint">{name}</dt>
              <dd className={`text-xl font-semibold tabular-nums ${value > 0 && tone ? tone : ""}`}>
                {words.number(value)}
              </dd>
            </div>
          ))}
        </dl>
        {(start.error || stop.error) && <ProblemNotice problem={asProblem(start.error ?? stop.error)} />}
        {isOpen(one) && (
          <Button icon="stop" onClick={() => setStopping(true)}>
            {text.stop}
          </Button>
        )}
        {one.state === "counted" && one.matched > 0 && (
          <Button
            look={one.action === "delete" ? "danger" : "primary"}
            disabled={start.isPending}
            onClick={() => start.mutate()}
          >
            {one.target === "jobs"
              ? text.start(text.verbs[one.action], one.matched)
              : words.replay.action(one.matched)}
          </Button>
        )}
      </section>
      <Facts operation={one} />
      {stopping && (
        <ActionDialog
          title={text.stopTitle}
          effects={[text.stopDone(one.done), text.stopLeft(left)]}
          action={text.stop}
          busy={stop.isPending}
          error={stop.error}
          onConfirm={() => stop.mutate()}
          onClose={() => setStopping(false)}
        />
      )}
    </div>
  );
}

function Facts({ operation: one }: { operation: Operation }) {
  const text = useConsoleText().operations;
  const locale = useLocale();
  const facts: [string, React.ReactNode][] = [
    [text.filter, <DetailList key="filter" value={one.filter} none={text.everything} />],
    [text.rate, text.perSecond(one.perSecond)],
    ...(one.action === "replay" ? ([[text.canary, one.canary > 0 ? text.yes : text.no]] as const) : []),
    ...(one.options ? ([[text.options, <DetailList key="options" value={one.options} />]] as const) : []),
    ...(one.skipped > 0
      ? ([[text.skipped, <DetailList key="skipped" value={one.skippedBy} />]] as const)
      : []),
    [text.started, formatDateTime(one.createdAt, locale)],
    ...(one.finishedAt ? ([[text.finished, formatDateTime(one.finishedAt, locale)]] as const) : []),
    [text.by, one.createdBy],
  ].map(([name, value]) => [name as string, value as React.ReactNode]);
  return (
    <section className="card p-5">
      <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {one.samples.length > 0 && (
        <details className="mt-4 text-sm">
          <summary className="text-[0.8125rem] font-medium text-soft">{text.samples}</summary>
          <ul className="mt-2 space-y-1">
            {one.samples.map((id) => (
              <li key={id}>
                <Link
                  href={paths.console("jobs", id.split(".")[0]!)}
                  className="font-mono text-xs break-all text-accent underline"
                >
                  {id}
                </Link>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
