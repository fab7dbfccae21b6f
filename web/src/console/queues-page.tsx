import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Queue } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { Page } from "../ui/page.tsx";
import { Pill } from "../ui/pill.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { queuesQuery } from "./api.ts";
import { deadLettersPath } from "./dead-letters.ts";
import { ListState } from "./list-state.tsx";

export function QueuesPage() {
  const words = useConsoleText().queues;
  const title = useConsoleText().sections.queues;
  const queues = useQuery(queuesQuery);
  const [asking, setAsking] = useState<Queue | null>(null);
  const [shown, setAll] = useState<boolean | null>(null);
  const columns = useColumns(setAsking);
  const [busy, idle] = split(queues.data ?? []);
  // If all queues are idle, show all of them.
  const all = shown ?? busy.length === 0;
  return (
    <Page title={title} intro={words.intro}>
      <ListState
        query={queues}
        isEmpty={queues.data?.length === 0}
        icon="flow"
        title={words.empty}
        hint={words.emptyHint}
      >
        {busy.length > 0 && <Table label={title} columns={columns} rows={busy} keyOf={({ name }) => name} />}
        {idle.length > 0 && (
          <div className="mt-4 space-y-4">
            <Button size="small" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? words.hideIdle : words.showIdle(idle.length)}
            </Button>
            {all && <Table label={words.idle} columns={columns} rows={idle} keyOf={({ name }) => name} />}
          </div>
        )}
      </ListState>
      {asking && <PauseDialog queue={asking} onClose={() => setAsking(null)} />}
    </Page>
  );
}

/** Splits queues into those with work, dead letters or a pause, and the rest. */
function split(queues: readonly Queue[]): [Queue[], Queue[]] {
  const isBusy = ({ ready, running, scheduled, dead, paused, drainRate }: Queue) =>
    paused || ready + running + scheduled + dead > 0 || drainRate > 0;
  return [queues.filter(isBusy), queues.filter((queue) => !isBusy(queue))];
}

function useColumns(ask: (queue: Queue) => void): Column<Queue>[] {
  const words = useConsoleText();
  const text = words.queues;
  const locale = useLocale();
  const number = (value: number) => (
    <span className={value === 0 ? "text-faint" : "font-medium"}>{words.number(value)}</span>
  );
  return [
    {
      head: text.queue,
      main: true,
      cell: (queue) => (
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <span className="font-medium break-all">{queue.name}</span>
          <QueueState queue={queue} />
        </span>
      ),
    },
    {
      head: text.ready,
      right: true,
      cell: (queue) => {
        const seconds = queue.drainSeconds;
        return (
          <>
            {number(queue.ready)}
            {queue.ready > 0 && seconds !== null && !queue.paused && (
              <span className="block text-xs text-faint">
                {text.emptyIn(formatDuration(seconds, locale))}
              </span>
            )}
          </>
        );
      },
    },
    {
      head: text.running,
      right: true,
      cell: ({ running, concurrency }) =>
        concurrency > 0 ? text.concurrency(running, concurrency) : number(running),
    },
    { head: text.scheduled, right: true, cell: ({ scheduled }) => number(scheduled) },
    {
      head: text.dead,
      right: true,
      cell: ({ name, dead }) =>
        dead === 0 ? (
          number(0)
        ) : (
          <Link
            href={deadLettersPath({ queue: name })}
            className="font-semibold text-bad underline underline-offset-2"
          >
            {words.number(dead)}
          </Link>
        ),
    },
    {
      head: text.rate,
      right: true,
      cell: ({ drainRate }) => words.perMinute(words.number(Math.round(drainRate * 60))),
    },
    {
      head: text.oldest,
      right: true,
      cell: ({ oldestSeconds }) =>
        oldestSeconds === null ? (
          <span className="text-faint">{words.unknown}</span>
        ) : (
          <span className={oldestSeconds > 300 ? "font-medium text-warn" : ""}>
            {formatDuration(oldestSeconds, locale)}
          </span>
        ),
    },
    {
      head: text.workers,
      right: true,
      cell: (queue) =>
        queue.workers === 0 ? (
          number(0)
        ) : (
          <Link href={paths.console("workers")} className={linkLook}>
            {words.number(queue.workers)}
          </Link>
        ),
    },
    {
      head: text.actions,
      controls: true,
      cell: (queue) => (
        <Button
          size="small"
          aria-label={queue.paused ? text.resumeNamed(queue.name) : text.pauseNamed(queue.name)}
          onClick={() => ask(queue)}
        >
          {queue.paused ? text.resume : text.pause}
        </Button>
      ),
    },
  ];
}

function QueueState({ queue }: { queue: Queue }) {
  const text = useConsoleText().queues;
  if (queue.paused) return <Pill tone="warn">{text.paused}</Pill>;
  if (queue.workers === 0) return <Pill tone={queue.ready > 0 ? "bad" : "plain"}>{text.noWorker}</Pill>;
  return queue.running > 0 ? <Pill tone="accent">{text.active}</Pill> : <Pill>{text.idle}</Pill>;
}

/** Tells in numbers what will wait, finish and start. */
function PauseDialog({ queue, onClose }: { queue: Queue; onClose(): void }) {
  const text = useConsoleText().queues;
  const queries = useQueryClient();
  // Keeps the numbers up to date while the dialog is open.
  const now = useQuery(queuesQuery).data?.find(({ name }) => name === queue.name) ?? queue;
  const { name, paused } = queue;
  const toggle = useMutation({
    mutationFn: () => (paused ? client.admin.resumeQueue(name) : client.admin.pauseQueue(name)),
    async onSuccess() {
      announce(paused ? text.doneResume(name) : text.donePause(name));
      await queries.invalidateQueries({ queryKey: queuesQuery.queryKey });
      onClose();
    },
  });
  return (
    <ActionDialog
      title={paused ? text.resumeTitle(name) : text.pauseTitle(name)}
      effects={
        paused
          ? [text.starts(now.ready, now.workers)]
          : [text.waits(now.ready, now.scheduled), text.finishes(now.running), text.lost]
      }
      action={paused ? text.resume : text.pause}
      busy={toggle.isPending}
      error={toggle.error}
      onConfirm={() => toggle.mutate()}
      onClose={onClose}
    />
  );
}
