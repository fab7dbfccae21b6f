import { useQuery } from "@tanstack/react-query";
import { formatDuration } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Pill } from "../ui/pill.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { replicasQuery } from "./api.ts";
import { ListState } from "./list-state.tsx";
import { isStale, type ReplicaMap } from "./replicas.ts";

/** In-memory maps of each process, and how fresh they are. */
export function ReplicasPage() {
  const words = useConsoleText();
  const text = words.replicas;
  const query = useQuery({ ...replicasQuery, refetchInterval: 15_000 });
  const columns = useColumns();
  return (
    <Page
      title={words.sections.replicas}
      intro={text.intro}
      actions={
        <Button icon="retry" disabled={query.isFetching} onClick={() => void query.refetch()}>
          {words.refresh}
        </Button>
      }
    >
      <ListState
        query={query}
        isEmpty={query.data?.length === 0}
        icon="copy"
        title={text.empty}
        hint={text.emptyHint}
      >
        <ul className="space-y-6">
          {query.data?.map(({ process, host, pid, isThis, maps }) => (
            <li key={process}>
              <h2 className="mb-2 flex flex-wrap items-baseline gap-x-2.5 font-semibold">
                {host} · {pid}
                {isThis && <span className="text-xs font-normal text-faint">{text.isThis}</span>}
              </h2>
              <Table label={`${host} ${pid}`} columns={columns} rows={maps} keyOf={({ name }) => name} />
            </li>
          ))}
        </ul>
      </ListState>
    </Page>
  );
}

function useColumns(): Column<ReplicaMap>[] {
  const words = useConsoleText();
  const text = words.replicas;
  const locale = useLocale();
  return [
    {
      head: text.map,
      main: true,
      cell: (map) => (
        <span className="flex flex-wrap items-center gap-x-2.5">
          <span className="font-medium">{map.name}</span>
          {isStale(map) ? <Pill tone="warn">{text.stale}</Pill> : <Pill tone="good">{text.fresh}</Pill>}
        </span>
      ),
    },
    { head: text.version, right: true, cell: ({ version }) => words.number(version) },
    { head: text.state, right: true, cell: ({ behind }) => text.behind(behind) },
    { head: text.size, right: true, cell: ({ entries }) => words.number(entries) },
    {
      head: text.age,
      right: true,
      cell: ({ ageSeconds }) =>
        ageSeconds === null ? words.unknown : text.ago(formatDuration(ageSeconds, locale)),
    },
  ];
}
