import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "../api/problem.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { useWebhooks, type Webhook } from "./api.ts";
import { WebhookDialog } from "./webhook-dialog.tsx";
import { WebhookPage } from "./webhook-page.tsx";
import { WebhookState } from "./webhook-state.tsx";

/** The user's webhooks, or one of them. */
export function WebhooksPage({ id }: { id: string | null }) {
  return id === null ? <List /> : <WebhookPage id={id} />;
}

function List() {
  const text = useText();
  const words = useTellingText().webhooks;
  const calls = useWebhooks();
  const [adding, setAdding] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ["webhooks", "list"],
    queryFn: ({ pageParam, signal }) => calls.list(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const list = query.data?.pages.flatMap((page) => page.items);
  const add = (
    <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
      {words.add}
    </Button>
  );
  return (
    <Page title={words.title} intro={words.intro} actions={list && list.length > 0 ? add : undefined}>
      {query.isPending && <Skeleton rows={2} height="5rem" />}
      {query.error && !list && (
        <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      )}
      {list?.length === 0 && (
        <Empty icon="webhook" title={words.empty}>
          <p className="mt-1 max-w-md text-soft">{words.emptyHint}</p>
          <div className="mt-6">{add}</div>
        </Empty>
      )}
      {list && list.length > 0 && (
        <ul aria-label={words.title} className="card divide-y divide-line overflow-hidden">
          {list.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button
          className="mt-4"
          disabled={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {text.common.loadMore}
        </Button>
      )}
      {adding && <WebhookDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

function Row({ webhook }: { webhook: Webhook }) {
  const words = useTellingText().webhooks;
  const locale = useLocale();
  const now = useNow(30_000);
  const { id, url, format, events, pipelines, description, everyone, health } = webhook;
  const facts = [
    words.formats[format],
    words.ofEvents(events.length),
    pipelines.length > 0 && pipelines.join(", "),
    everyone && words.everyone,
    health.lastDeliveredAt && words.last(formatRelative(health.lastDeliveredAt, now, locale)),
  ].filter(Boolean);
  return (
    <li className="relative flex items-center gap-4 px-4 py-4 transition-colors hover:bg-sunken/60 sm:px-5">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link
            href={paths.webhook(id)}
            className="min-w-0 font-medium break-all after:absolute after:inset-0"
          >
            {description || url}
          </Link>
          <WebhookState webhook={webhook} />
        </p>
        {description && <p className="truncate text-[0.8125rem] text-soft">{url}</p>}
        <p className="text-[0.8125rem] text-faint">{facts.join(" · ")}</p>
      </div>
      <Icon name="right" className="shrink-0 text-faint" />
    </li>
  );
}
