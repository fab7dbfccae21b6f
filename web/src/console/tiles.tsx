import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Queue } from "../../../src/client/index.ts";
import { formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { type ConsoleSection, paths } from "../router/routes.ts";
import { classes } from "../ui/classes.ts";
import { workersQuery } from "./api.ts";

/** Key figures of the current state. */
export function Tiles({ queues }: { queues: readonly Queue[] }) {
  const words = useConsoleText();
  const text = words.overview.tiles;
  const locale = useLocale();
  const workers = useQuery(workersQuery).data ?? [];
  const sum = (name: "ready" | "running" | "dead" | "drainRate" | "scheduled") =>
    queues.reduce((all, queue) => all + queue[name], 0);
  const oldest = Math.max(0, ...queues.map(({ oldestSeconds }) => oldestSeconds ?? 0));
  const dead = sum("dead");
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      <Tile name={text.throughput} value={words.number(Math.round(sum("drainRate") * 60))} to="queues" />
      <Tile name={text.running} value={words.number(sum("running"))} to="workers" />
      <Tile
        name={text.waiting}
        value={words.number(sum("ready"))}
        more={sum("scheduled") > 0 && text.scheduled(sum("scheduled"))}
        to="queues"
      />
      <Tile
        name={text.oldest}
        value={oldest > 0 ? formatDuration(oldest, locale) : text.noneWaiting}
        to="queues"
      />
      <Tile
        name={text.workers}
        value={words.number(workers.length)}
        more={workers.length > 0 && text.busy(workers.filter(({ running }) => running > 0).length)}
        bad={workers.length === 0}
        to="workers"
      />
      <Tile name={text.dead} value={words.number(dead)} bad={dead > 0} to="dead-letters" />
    </dl>
  );
}

interface Props {
  name: string;
  value: string;
  more?: ReactNode;
  bad?: boolean;
  to: ConsoleSection;
}

function Tile({ name, value, more, bad, to }: Props) {
  return (
    <div className="card relative min-w-0 p-4 transition-colors hover:bg-sunken/60">
      <dt className="text-xs text-faint">
        <Link href={paths.console(to)} className="after:absolute after:inset-0">
          {name}
        </Link>
      </dt>
      <dd
        className={classes(
          "mt-1 text-xl font-semibold tracking-tight break-words tabular-nums",
          bad && "text-bad",
        )}
      >
        {value}
      </dd>
      {more && <dd className="mt-0.5 text-xs text-faint tabular-nums">{more}</dd>}
    </div>
  );
}
