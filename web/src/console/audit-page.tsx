import { useInfiniteQuery } from "@tanstack/react-query";
import type { AuditEntry } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { formatDateTime } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Pill } from "../ui/pill.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { DetailList } from "./detail-list.tsx";
import { ListState } from "./list-state.tsx";

export function AuditPage() {
  const common = useText().common;
  const words = useConsoleText();
  const text = words.audit;
  const query = useInfiniteQuery({
    queryKey: ["console", "audit"],
    queryFn: ({ pageParam, signal }) => client.admin.audit({ limit: 50, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Page title={words.sections.audit} intro={text.intro}>
      <ListState
        query={query}
        isEmpty={entries.length === 0}
        icon="list"
        title={text.empty}
        hint={text.emptyHint}
      >
        <Table label={words.sections.audit} columns={columns} rows={entries} keyOf={({ id }) => id} />
        {query.hasNextPage && (
          <div className="mt-4 text-center">
            <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {common.loadMore}
            </Button>
          </div>
        )}
      </ListState>
    </Page>
  );
}

function useColumns(): Column<AuditEntry>[] {
  const text = useConsoleText().audit;
  const locale = useLocale();
  return [
    {
      head: text.action,
      main: true,
      cell: ({ action, status }) => (
        <span className="flex flex-wrap items-center gap-x-2.5">
          <span className="font-medium">{text.names[nameOf(action)] ?? action}</span>
          {status === null || status >= 400 ? (
            <Pill tone="bad">{status === null ? text.unfinished : text.refused(status)}</Pill>
          ) : null}
        </span>
      ),
    },
    {
      head: text.subject,
      cell: ({ target }) => <DetailList value={target} />,
    },
    {
      head: text.who,
      cell: ({ actorName, via, address }) => (
        <>
          <span className="break-words">{via === "local" ? text.local : actorName}</span>
          <span className="block text-xs text-faint">
            {[via !== "local" && text.vias[via], address].filter(Boolean).join(" · ")}
          </span>
        </>
      ),
    },
    {
      head: text.when,
      className: "whitespace-nowrap",
      cell: ({ at }) => formatDateTime(at, locale),
    },
    { head: text.details, cell: ({ detail }) => <Detail detail={detail} /> },
  ];
}

/** Two routes of the same call have no operation id of their own. */
function nameOf(action: string): string {
  const ofQueue = /^\/v1\/admin\/queues\/.*\/(pause|resume)$/.exec(action);
  return ofQueue ? `${ofQueue[1]}Queue` : action;
}

/** The request, followed by its outcome. */
function Detail({ detail: { sent, answer } }: { detail: AuditEntry["detail"] }) {
  const text = useConsoleText().audit;
  return (
    <>
      <DetailList value={sent} />
      {answer !== undefined && (
        <details className="text-xs">
          <summary className="text-faint">{text.answer}</summary>
          <DetailList value={answer} />
        </details>
      )}
    </>
  );
}
