import { useInfiniteQuery } from "@tanstack/react-query";
import type { Operation } from "../../../src/client/index.ts";
import { client } from "../api/client.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { Page } from "../ui/page.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { DetailList } from "./detail-list.tsx";
import { ListState } from "./list-state.tsx";
import { OperationState, toneOf } from "./operation-state.tsx";

/** Bulk operations on jobs or dead letters. */
export function OperationsPage() {
  const common = useText().common;
  const words = useConsoleText();
  const text = words.operations;
  const query = useInfiniteQuery({
    queryKey: ["console", "operations"],
    queryFn: ({ pageParam, signal }) => client.admin.operations({ limit: 25, cursor: pageParam }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Page title={words.sections.operations} intro={text.intro}>
      <ListState
        query={query}
        isEmpty={list.length === 0}
        icon="retry"
        title={text.empty}
        hint={text.emptyHint}
      >
        <Table label={words.sections.operations} columns={columns} rows={list} keyOf={({ id }) => id} />
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

function useColumns(): Column<Operation>[] {
  const words = useConsoleText();
  const text = words.operations;
  const locale = useLocale();
  const now = useNow(15_000);
  return [
    {
      head: text.operation,
      main: true,
      cell: (one) => (
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <Link href={paths.console("operations", one.id)} className={linkLook}>
            {text.kinds[`${one.action} ${one.target}`] ?? one.action}
          </Link>
          <OperationState operation={one} />
        </span>
      ),
    },
    {
      head: text.progress,
      right: true,
      cell: (one) => (
        <span className="inline-block w-32">
          <ProgressBar thin fraction={one.fraction} label={text.progress} tone={toneOf(one)} />
          <span className="mt-1 block text-xs text-soft">{text.of(one.done + one.skipped, one.matched)}</span>
        </span>
      ),
    },
    { head: text.filter, cell: ({ filter }) => <DetailList value={filter} none={text.everything} /> },
    {
      head: text.started,
      right: true,
      className: "whitespace-nowrap",
      cell: ({ createdAt }) => formatRelative(createdAt, now, locale),
    },
  ];
}
