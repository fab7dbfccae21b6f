import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { openUserStream } from "../api/event-stream.ts";
import { asProblem } from "../api/problem.ts";
import { formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { announce } from "../ui/announce.tsx";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/inputs.tsx";
import { Pill, type Tone } from "../ui/pill.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { type Delivery, type DeliveryState, deliveryStates, useWebhooks, type Webhook } from "./api.ts";
import { Exchanges } from "./exchanges.tsx";

const tones: Record<DeliveryState, Tone> = {
  pending: "accent",
  delivered: "good",
  failed: "bad",
  cancelled: "plain",
};
/** Poll interval, because no event reports the end of waiting deliveries. */
const pendingMs = 3_000;

/** Deliveries of a webhook with their responses. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const common = useText().common;
  const words = useTellingText().deliveries;
  const calls = useWebhooks();
  const queries = useQueryClient();
  const [state, setState] = useState("");
  const key = ["webhooks", "deliveries", webhook.id];
  const query = useInfiniteQuery({
    queryKey: [...key, state],
    queryFn: ({ pageParam, signal }) => calls.deliveries(webhook.id, { state, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ items }) => items.some((one) => one.state === "pending")) ? pendingMs : false,
  });
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];

  // Job events lead to deliveries a moment later.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stream = openUserStream({
      onEvent() {
        clearTimeout(timer);
        timer = setTimeout(() => void queries.invalidateQueries({ queryKey: ["webhooks"] }), 1_000);
      },
      onResync: () => void queries.invalidateQueries({ queryKey: ["webhooks"] }),
    });
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [queries]);

  return (
    <section aria-label={words.title}>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <h2 className="font-semibold">{words.title}</h2>
        <Select aria-label={words.state} value={state} onChange={(event) => setState(event.target.value)}>
          <option value="">{words.all}</option>
          {deliveryStates.map((value) => (
            <option key={value} value={value}>
              {words.states[value]}
            </option>
          ))}
        </Select>
      </div>
      {query.isPending && <Skeleton rows={3} height="4rem" />}
      {query.error && list.length === 0 && (
        <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      )}
      {query.data && list.length === 0 && (
        <div className="card px-5 py-10 text-center">
          <p className="font-medium">{state ? words.noMatch : words.empty}</p>
          {!state && <p className="mt-1 text-sm text-soft">{words.emptyHint}</p>}
        </div>
      )}
      {list.length > 0 && (
        <ul aria-label={words.title} className="card divide-y divide-line overflow-hidden">
          {list.map((delivery) => (
            <Row key={delivery.id} webhookId={webhook.id} delivery={delivery} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div className="mt-4 text-center">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {common.loadMore}
          </Button>
        </div>
      )}
    </section>
  );
}

function Row({ webhookId, delivery }: { webhookId: string; delivery: Delivery }) {
  const all = useTellingText();
  const words = all.deliveries;
  const calls = useWebhooks();
  const locale = useLocale();
  const now = useNow(10_000);
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const { id, number, event, state, tries, nextTryAt, createdAt, last } = delivery;
  const retry = useMutation({
    mutationFn: () => calls.retry(webhookId, id),
    onSuccess: () => announce(words.retried),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks", "deliveries"] }),
  });
  const name = all.webhooks.eventNames[event] ?? event;
  const facts = [
    number !== null && words.number(number),
    formatRelative(createdAt, now, locale),
    tries > 1 && words.attempts(tries),
    state === "pending" && nextTryAt && tries > 0 && words.next(formatRelative(nextTryAt, now, locale)),
  ].filter(Boolean);
  return (
    <li className="px-4 py-3.5 sm:px-5" data-testid="delivery">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-60">
          <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
            <span className="font-medium">{name}</span>
            <Pill tone={tones[state]}>{words.states[state]}</Pill>
            {last && (
              <code className="font-mono text-xs text-soft">
                {last.status === null ? words.noResponse : `HTTP ${last.status}`}
              </code>
            )}
          </p>
          <p className="text-xs text-faint tabular-nums">{facts.join(" · ")}</p>
          {last?.error && state !== "delivered" && (
            <p lang="en" className="mt-0.5 text-xs break-words text-bad">
              {last.error}
            </p>
          )}
        </div>
        <div className="flex gap-2">
          <Button size="small" look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? words.hide : words.show}
          </Button>
          <Button
            size="small"
            icon="retry"
            aria-label={words.retryNamed(name)}
            disabled={retry.isPending}
            onClick={() => retry.mutate()}
          >
            {words.retry}
          </Button>
        </div>
      </div>
      {retry.error && <ProblemNotice problem={asProblem(retry.error)} />}
      {open && <Whole webhookId={webhookId} delivery={delivery} />}
    </li>
  );
}

function Whole({ webhookId, delivery }: { webhookId: string; delivery: Delivery }) {
  const words = useTellingText().deliveries;
  const calls = useWebhooks();
  const query = useQuery({
    queryKey: ["webhooks", "delivery", webhookId, delivery.id, delivery.last?.at ?? ""],
    queryFn: ({ signal }) => calls.delivery(webhookId, delivery.id, signal),
    placeholderData: (before) => before,
  });
  return (
    <div className="mt-3 space-y-3">
      <p className="text-xs text-faint">
        {words.id} <code className="font-mono break-all">{delivery.id}</code>
      </p>
      {query.error && <ProblemNotice problem={asProblem(query.error)} />}
      {query.data ? <Exchanges delivery={query.data} /> : <Skeleton rows={1} height="8rem" />}
    </div>
  );
}
