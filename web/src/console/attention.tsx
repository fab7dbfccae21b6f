import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Queue } from "../../../src/client/index.ts";
import { formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { type ConsoleSection, paths } from "../router/routes.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { overviewQuery, replicasQuery } from "./api.ts";
import { isStale } from "./replicas.ts";

/** Waiting time in seconds from which a task is worth a note. */
const late = 300;
/** Poll interval for replicas, which no stream covers. */
const replicasMs = 30_000;

interface Note {
  key: string;
  text: string;
  to: ConsoleSection;
  bad: boolean;
}

/** What is stuck or has failed, with links to act on it. */
export function Attention({ queues, children }: { queues: readonly Queue[]; children?: ReactNode }) {
  const words = useConsoleText();
  const text = words.overview;
  const notes = [...useNotes(queues), ...useOtherNotes()];
  if (notes.length === 0) {
    return (
      <p className="flex items-center gap-2.5 rounded-xl bg-good-soft px-4 py-3 text-sm font-medium text-good">
        <Icon name="check" className="shrink-0" />
        {text.allWell}
      </p>
    );
  }
  return (
    <section aria-label={text.attention} className="card overflow-hidden">
      <ul className="divide-y divide-line">
        {notes.map(({ key, text: note, to, bad }) => (
          <li key={key}>
            <Link
              href={paths.console(to)}
              className="flex items-center gap-3 px-4 py-3 text-sm font-medium transition-colors hover:bg-sunken/60 sm:px-5"
            >
              <Icon name="alert" className={classes("shrink-0", bad ? "text-bad" : "text-warn")} />
              <span className="min-w-0 flex-1 break-words">{note}</span>
              <span className="shrink-0 text-xs text-faint max-sm:hidden">{words.sections[to]}</span>
              <Icon name="right" className="shrink-0 text-faint" />
            </Link>
          </li>
        ))}
      </ul>
      {children}
    </section>
  );
}

function useNotes(queues: readonly Queue[]): Note[] {
  const text = useConsoleText().overview.notes;
  const locale = useLocale();
  const sum = (of: readonly Queue[], name: "ready" | "dead") =>
    of.reduce((all, queue) => all + queue[name], 0);
  const notes: Note[] = [];
  const dead = sum(queues, "dead");
  if (dead > 0) notes.push({ key: "dead", text: text.dead(dead), to: "dead-letters", bad: true });
  const idle = queues.filter(({ workers, ready, paused }) => workers === 0 && ready > 0 && !paused);
  if (idle.length > 0) {
    notes.push({
      key: "idle",
      text: text.noWorkers(idle.length, sum(idle, "ready")),
      to: "workers",
      bad: true,
    });
  }
  const paused = queues.filter((queue) => queue.paused);
  if (paused.length > 0) {
    notes.push({
      key: "paused",
      text: text.paused(paused.length, sum(paused, "ready")),
      to: "queues",
      bad: false,
    });
  }
  for (const { name, oldestSeconds, paused: stands, workers } of queues) {
    if (stands || workers === 0 || oldestSeconds === null || oldestSeconds < late) continue;
    notes.push({
      key: name,
      text: text.late(name, formatDuration(oldestSeconds, locale)),
      to: "queues",
      bad: false,
    });
  }
  return notes;
}

/** Notes that are not about queues. */
function useOtherNotes(): Note[] {
  const text = useConsoleText().overview.notes;
  const { failing, disabled } = useQuery(overviewQuery).data?.webhooks ?? { failing: 0, disabled: 0 };
  const replicas = useQuery({ ...replicasQuery, refetchInterval: replicasMs }).data ?? [];
  const stale = replicas.filter(({ maps }) => maps.some(isStale)).length;
  const notes: Note[] = [];
  if (failing + disabled > 0) {
    notes.push({
      key: "webhooks",
      text: text.endpoints(failing + disabled),
      to: "webhooks",
      bad: disabled > 0,
    });
  }
  if (stale > 0) notes.push({ key: "replicas", text: text.stale(stale), to: "replicas", bad: false });
  return notes;
}
