import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { OperatorsJob } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { hasEnded, type JobState } from "../api/contract.ts";
import { formatDateTime, formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { navigate } from "../router/router.ts";
import { paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { DetailList } from "./detail-list.tsx";
import { StackTrace } from "./stack-trace.tsx";

type Action = "cancel" | "retry" | "delete";

/** Owner and state of a job, with an operator's actions. */
export function JobSummary({ job }: { job: OperatorsJob }) {
  const words = useConsoleText();
  const text = words.jobs;
  const me = useMe();
  const locale = useLocale();
  const [asking, setAsking] = useState<Action | null>(null);
  const { progress, owner, createdAt, startedAt, finishedAt, failure } = job;
  const ended = hasEnded({ state: job.state as JobState });
  const isOwn = me === null || me.id === owner;
  const facts: [string, ReactNode][] = [
    [
      text.items,
      `${progress.done} / ${progress.total}${progress.failed > 0 ? ` · ${text.failed(progress.failed)}` : ""}`,
    ],
    [text.created, createdAt ? formatDateTime(createdAt, locale) : ""],
    [
      text.took,
      startedAt && finishedAt
        ? formatDuration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000, locale)
        : words.unknown,
    ],
    ...(me ? ([[text.owner, owner]] as [string, ReactNode][]) : []),
    [text.options, <DetailList key="options" value={job.options} none={words.unknown} />],
    [text.metadata, <DetailList key="metadata" value={job.metadata} none={words.unknown} />],
  ];
  return (
    <section className="card space-y-4 p-5">
      <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2 lg:grid-cols-3">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {failure && <StackTrace error={failure} />}
      {job.replays.length > 0 && (
        <ul className="space-y-1 text-sm">
          {job.replays.map(({ jobId, fromJobId }) => (
            <li key={`${jobId} ${fromJobId}`}>
              {fromJobId === job.id ? text.replayedBy : text.replays}{" "}
              <Link
                href={paths.console("jobs", fromJobId === job.id ? jobId : fromJobId)}
                className={`${linkLook} font-mono text-xs break-all`}
              >
                {fromJobId === job.id ? jobId : fromJobId}
              </Link>
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-wrap gap-2">
        {isOwn && (
          <Link href={paths.job(job.id)} className={`${linkLook} self-center text-sm`}>
            {text.showPage}
          </Link>
        )}
        {!ended && (
          <Button size="small" icon="stop" onClick={() => setAsking("cancel")}>
            {text.actions.cancel}
          </Button>
        )}
        {ended && progress.failed > 0 && job.state !== "expired" && job.state !== "cancelled" && (
          <Button size="small" icon="retry" onClick={() => setAsking("retry")}>
            {text.actions.retry}
          </Button>
        )}
        <Button size="small" look="quiet" icon="trash" onClick={() => setAsking("delete")}>
          {text.actions.delete}
        </Button>
      </div>
      {asking && <Ask job={job} action={asking} onClose={() => setAsking(null)} />}
    </section>
  );
}

function Ask({ job, action, onClose }: { job: OperatorsJob; action: Action; onClose(): void }) {
  const text = useConsoleText().jobs;
  const queries = useQueryClient();
  const { total, done, failed } = job.progress;
  const act = useMutation({
    mutationFn: async () => {
      if (action === "cancel") await client.admin.cancelJob(job.id);
      else if (action === "retry") await client.admin.retryJob(job.id);
      else await client.admin.removeJob(job.id);
    },
    async onSuccess() {
      announce(text.did[action]);
      onClose();
      if (action === "delete") navigate(paths.console("jobs"));
      await queries.invalidateQueries({ queryKey: ["console"] });
    },
  });
  const effect = {
    cancel: text.cancelEffect(total - done - failed, done),
    retry: text.retryEffect(failed),
    delete: text.deleteEffect(total),
  }[action];
  return (
    <ActionDialog
      title={text.ask[action]}
      effects={[effect]}
      action={text.actions[action]}
      danger={action !== "retry"}
      busy={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate()}
      onClose={onClose}
    />
  );
}
