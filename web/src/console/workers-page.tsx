import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { WorkerView } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { formatBytes, formatDuration, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { ActionDialog } from "../ui/action-dialog.tsx";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Pill } from "../ui/pill.tsx";
import { workersQuery } from "./api.ts";
import { ListState } from "./list-state.tsx";
import { RunningTasks } from "./running-tasks.tsx";

/** After this much silence, a worker has probably died. */
const silentMs = 30_000;

export function WorkersPage() {
  const words = useConsoleText();
  const text = words.workers;
  const workers = useQuery(workersQuery);
  const [asking, setAsking] = useState<WorkerView | null>(null);
  return (
    <Page title={words.sections.workers} intro={text.intro}>
      <ListState
        query={workers}
        isEmpty={workers.data?.length === 0}
        icon="flow"
        title={text.empty}
        hint={
          <>
            {text.emptyHint} <code className="font-mono text-sm">millrace worker</code>
          </>
        }
      >
        <ul aria-label={words.sections.workers} className="space-y-3">
          {workers.data?.map((worker) => (
            <WorkerCard key={worker.id} worker={worker} onDrain={() => setAsking(worker)} />
          ))}
        </ul>
      </ListState>
      {asking && <DrainDialog worker={asking} workers={workers.data ?? []} onClose={() => setAsking(null)} />}
    </Page>
  );
}

function nameOf({ host, pid }: WorkerView): string {
  return `${host} · ${pid}`;
}

function WorkerCard({ worker, onDrain }: { worker: WorkerView; onDrain(): void }) {
  const words = useConsoleText();
  const text = words.workers;
  const locale = useLocale();
  const now = useNow(5_000);
  const { queues, running, startedAt, seenAt } = worker;
  const silent = now - Date.parse(seenAt) > silentMs;
  const facts = [
    [text.version, worker.version],
    [text.memory, worker.memoryBytes ? formatBytes(worker.memoryBytes, locale) : null],
    [text.started, formatRelative(startedAt, now, locale)],
    [text.seen, formatDuration(Math.max(0, now - Date.parse(seenAt)) / 1_000, locale)],
  ].filter(([, value]) => value);
  return (
    <li className="card p-4 sm:p-5" data-testid="worker">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span className="font-semibold break-all">{nameOf(worker)}</span>
            {worker.state === "draining" ? (
              <Pill tone="warn">{text.draining}</Pill>
            ) : silent ? (
              <Pill tone="bad">{text.silent}</Pill>
            ) : (
              <Pill tone={running > 0 ? "accent" : "plain"}>{text.busy(running)}</Pill>
            )}
          </p>
          <p className="font-mono text-xs break-all text-faint">{worker.id}</p>
        </div>
        {worker.state !== "draining" && (
          <Button size="small" aria-label={text.drainNamed(nameOf(worker))} onClick={onDrain}>
            {text.drain}
          </Button>
        )}
      </div>
      <dl className="mt-3 flex flex-wrap gap-x-6 gap-y-1 text-[0.8125rem]">
        {facts.map(([name, value]) => (
          <div key={name} className="flex gap-1.5">
            <dt className="text-faint">{name}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <details className="mt-3 text-[0.8125rem]">
        <summary className="font-medium text-soft">{text.serves(queues.length)}</summary>
        <p className="mt-1.5 text-xs leading-relaxed break-words text-soft">{queues.join(", ")}</p>
      </details>
      <RunningTasks worker={worker} />
    </li>
  );
}

interface DrainProps {
  worker: WorkerView;
  workers: readonly WorkerView[];
  onClose(): void;
}

/** Tells what the worker will still finish, and how many workers remain. */
function DrainDialog({ worker, workers, onClose }: DrainProps) {
  const words = useConsoleText();
  const text = words.workers;
  const queries = useQueryClient();
  const now = workers.find(({ id }) => id === worker.id) ?? worker;
  const others = workers.filter(({ id, state }) => id !== worker.id && state !== "draining");
  const unserved = worker.queues.filter((queue) => !others.some(({ queues }) => queues.includes(queue)));
  const drain = useMutation({
    mutationFn: () => client.admin.drainWorker(worker.id),
    async onSuccess() {
      announce(text.done(nameOf(worker)));
      await queries.invalidateQueries({ queryKey: workersQuery.queryKey });
      onClose();
    },
  });
  const named =
    unserved.slice(0, 3).join(", ") + (unserved.length > 3 ? `, ${text.more(unserved.length - 3)}` : "");
  return (
    <ActionDialog
      title={text.drainTitle(nameOf(worker))}
      effects={[
        text.finishes(now.running),
        text.remain(others.length),
        others.length > 0 && unserved.length > 0 && text.unserved(named),
        text.restarts,
      ]}
      action={text.drain}
      danger={others.length === 0}
      busy={drain.isPending}
      error={drain.error}
      onConfirm={() => drain.mutate()}
      onClose={onClose}
    />
  );
}
