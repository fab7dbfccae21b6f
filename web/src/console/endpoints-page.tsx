import { useInfiniteQuery } from "@tanstack/react-query";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { linkLook } from "../ui/classes.ts";
import { Page } from "../ui/page.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { type Webhook, WebhookScope, webhookCalls } from "../webhooks/api.ts";
import { WebhookPage } from "../webhooks/webhook-page.tsx";
import { WebhookState } from "../webhooks/webhook-state.tsx";
import { ListState } from "./list-state.tsx";

const calls = webhookCalls(true);

/** Webhooks of all users with their health, or one webhook. */
export function EndpointsPage({ id }: { id: string | null }) {
  return <WebhookScope value={calls}>{id === null ? <List /> : <WebhookPage id={id} />}</WebhookScope>;
}

function List() {
  const common = useText().common;
  const words = useConsoleText();
  const text = words.webhooks;
  const query = useInfiniteQuery({
    queryKey: ["webhooks", "all"],
    queryFn: ({ pageParam, signal }) => calls.list(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = useColumns();
  return (
    <Page
      title={words.sections.webhooks}
      intro={text.intro}
      actions={
        <Link href={paths.webhooks} className={`${linkLook} text-sm`}>
          {text.own}
        </Link>
      }
    >
      <ListState
        query={query}
        isEmpty={list.length === 0}
        icon="webhook"
        title={text.empty}
        hint={text.emptyHint}
      >
        <Table label={words.sections.webhooks} columns={columns} rows={list} keyOf={({ id }) => id} />
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

function useColumns(): Column<Webhook>[] {
  const words = useConsoleText();
  const text = words.webhooks;
  const accounts = useMe() !== null;
  const locale = useLocale();
  const now = useNow(15_000);
  const columns: (Column<Webhook> | false)[] = [
    {
      head: text.endpoint,
      main: true,
      cell: (webhook) => (
        <>
          <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <Link href={paths.console("webhooks", webhook.id)} className={`${linkLook} break-all`}>
              {webhook.description || webhook.url}
            </Link>
            <WebhookState webhook={webhook} />
          </span>
          {webhook.health.failures > 0 && webhook.health.lastFailure && (
            <span lang="en" className="block text-xs break-words text-bad">
              {webhook.health.lastFailure.message}
            </span>
          )}
        </>
      ),
    },
    accounts && {
      head: text.owner,
      cell: ({ owner, everyone }) => (
        <span className="break-all text-soft">{everyone ? text.everyone : owner}</span>
      ),
    },
    { head: text.waiting, right: true, cell: ({ pending }) => words.number(pending) },
    {
      head: text.last,
      right: true,
      className: "whitespace-nowrap",
      cell: ({ health: { lastDeliveredAt } }) =>
        lastDeliveredAt ? formatRelative(lastDeliveredAt, now, locale) : text.never,
    },
  ];
  return columns.filter((column) => column !== false);
}
