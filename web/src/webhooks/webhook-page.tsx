import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "../api/problem.ts";
import { formatDateTime } from "../format/format.ts";
import { useLocale } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { useWebhooks, type Webhook } from "./api.ts";
import { Deliveries } from "./deliveries.tsx";
import { TestResult } from "./test-result.tsx";
import { type Asking, WebhookActions } from "./webhook-actions.tsx";
import { WebhookState } from "./webhook-state.tsx";

/** One webhook: its events, its deliveries, and actions. */
export function WebhookPage({ id }: { id: string }) {
  const words = useTellingText().webhooks;
  const calls = useWebhooks();
  const query = useQuery({
    queryKey: ["webhooks", "one", id],
    queryFn: ({ signal }) => calls.get(id, signal),
  });
  if (query.data) return <Loaded webhook={query.data} />;
  return (
    <Page title={words.title}>
      {query.error ? (
        <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()}>
          <Link href={paths.webhooks} className="self-center text-sm font-medium text-accent underline">
            {words.back}
          </Link>
        </ProblemNotice>
      ) : (
        <Skeleton rows={3} height="7rem" />
      )}
    </Page>
  );
}

function Loaded({ webhook }: { webhook: Webhook }) {
  const words = useTellingText().webhooks;
  const calls = useWebhooks();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Asking | null>(null);
  const test = useMutation({
    mutationFn: () => calls.test(webhook.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const isOff = !webhook.enabled;
  return (
    <Page
      title={webhook.description || hostOf(webhook.url)}
      intro={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <WebhookState webhook={webhook} />
          <code className="font-mono text-xs break-all">{webhook.url}</code>
        </span>
      }
      actions={
        <Link
          href={calls.all ? paths.console("webhooks") : paths.webhooks}
          className="order-first inline-flex w-full items-center gap-1 text-sm font-medium text-soft hover:text-ink"
        >
          <Icon name="left" className="-ml-1" />
          {words.back}
        </Link>
      }
    >
      <div className="space-y-6">
        <section className="card space-y-4 p-5">
          <Facts webhook={webhook} />
          <div className="flex flex-wrap gap-2">
            <Button look="primary" icon="upload" disabled={test.isPending} onClick={() => test.mutate()}>
              {test.isPending ? words.testing : words.test}
            </Button>
            <Button onClick={() => setAsking("edit")}>{words.edit}</Button>
            <Button onClick={() => setAsking("resend")}>{words.resend}</Button>
            {webhook.signed && (
              <Button icon="key" onClick={() => setAsking("rotate")}>
                {words.rotate}
              </Button>
            )}
            <Button onClick={() => setAsking(isOff ? "enable" : "disable")}>
              {isOff ? words.enable : words.disable}
            </Button>
            <Button look="quiet" icon="trash" className="sm:ml-auto" onClick={() => setAsking("remove")}>
              {words.remove}
            </Button>
          </div>
          {test.error && <ProblemNotice problem={asProblem(test.error)} />}
          {test.data && <TestResult result={test.data} />}
        </section>
        <Deliveries webhook={webhook} />
      </div>
      {asking && <WebhookActions webhook={webhook} asking={asking} onClose={() => setAsking(null)} />}
    </Page>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  const words = useTellingText().webhooks;
  const locale = useLocale();
  const { format, events, pipelines, disabledReason, createdAt, pending, health } = webhook;
  const facts = [
    [words.format, words.formats[format]],
    [words.events, events.map((name) => words.eventNames[name] ?? name).join(", ")],
    [words.pipelines, pipelines.length === 0 ? words.allPipelines : pipelines.join(", ")],
    [words.addedLabel, formatDateTime(createdAt, locale)],
    [words.waitingLabel, String(pending)],
    [
      words.lastLabel,
      health.lastDeliveredAt ? formatDateTime(health.lastDeliveredAt, locale) : words.neverUsed,
    ],
  ];
  return (
    <>
      {disabledReason && (
        <p role="status" className="rounded-xl bg-warn-soft px-4 py-3 text-sm">
          {words.disabledWhy[disabledReason]}
        </p>
      )}
      {health.failures > 0 && health.lastFailure && (
        <p role="status" className="rounded-xl bg-warn-soft px-4 py-3 text-sm break-words">
          {words.failing(health.failures)}{" "}
          {health.failingSince && words.since(formatDateTime(health.failingSince, locale))}{" "}
          <span lang="en">{health.lastFailure.message}</span>
          {health.retryAt && ` ${words.retryAt(formatDateTime(health.retryAt, locale))}`}
        </p>
      )}
      <dl className="grid gap-x-8 gap-y-3 text-sm sm:grid-cols-2">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
