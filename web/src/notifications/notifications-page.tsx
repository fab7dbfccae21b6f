import { useState } from "react";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { useTellingText } from "../i18n/telling-text.ts";
import { Button } from "../ui/button.tsx";
import { Choices } from "../ui/choices.tsx";
import { Empty } from "../ui/empty.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { NotificationRow } from "./notification-row.tsx";
import { Preferences } from "./preferences.tsx";
import { useMarkRead, useNotifications, useUnread } from "./use-notifications.ts";

/** All notifications, and preferences. */
export function NotificationsPage() {
  const common = useText().common;
  const words = useTellingText().notifications;
  const [only, setOnly] = useState<"all" | "unread">("all");
  const query = useNotifications(only === "unread");
  const unread = useUnread();
  const read = useMarkRead();
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={words.title} intro={words.intro}>
      <div className="grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <section aria-label={words.title} className="min-w-0">
          <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
            <div className="w-56">
              <Choices<"all" | "unread">
                label={words.title}
                hideLabel
                choices={(["all", "unread"] as const).map((value) => ({ value, label: words[value] }))}
                value={only}
                onChange={setOnly}
              />
            </div>
            {unread > 0 && (
              <Button size="small" icon="check" disabled={read.isPending} onClick={() => read.mutate("all")}>
                {words.readAll(unread)}
              </Button>
            )}
          </div>
          {query.isPending && <Skeleton rows={4} height="4.5rem" />}
          {query.error && list.length === 0 && (
            <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
          )}
          {query.data && list.length === 0 && (
            <Empty icon="bell" title={words.empty}>
              <p className="mt-1 text-soft">{words.emptyHint}</p>
            </Empty>
          )}
          {list.length > 0 && (
            <ul aria-label={words.title} className="card divide-y divide-line overflow-hidden">
              {list.map((one) => (
                <NotificationRow key={one.id} notification={one} markable />
              ))}
            </ul>
          )}
          {query.hasNextPage && (
            <div className="mt-5 text-center">
              <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {common.loadMore}
              </Button>
            </div>
          )}
        </section>
        <Preferences />
      </div>
    </Page>
  );
}
