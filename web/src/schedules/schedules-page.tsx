import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { listSchedules } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { useIsOperator } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Empty } from "../ui/empty.tsx";
import { Page } from "../ui/page.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ScheduleCard } from "./schedule-card.tsx";
import { ScheduleForm } from "./schedule-form.tsx";

export function SchedulesPage() {
  const text = useText();
  const [adding, setAdding] = useState(false);
  const everyones = useIsOperator();
  const schedules = useInfiniteQuery({
    queryKey: ["schedules", everyones],
    queryFn: ({ pageParam, signal }) => listSchedules({ all: everyones, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: 10_000,
  });
  const all = schedules.data?.pages.flatMap(({ items }) => items);
  const add = (
    <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
      {text.schedules.add}
    </Button>
  );
  return (
    <Page
      title={text.schedules.title}
      intro={text.schedules.intro}
      actions={!adding && all && all.length > 0 ? add : undefined}
    >
      <div className="space-y-6">
        {adding && <ScheduleForm onClose={() => setAdding(false)} />}
        {schedules.isPending && <Skeleton rows={2} height="9rem" />}
        {schedules.error && !all && (
          <ProblemNotice problem={asProblem(schedules.error)} onRetry={() => void schedules.refetch()} />
        )}
        {all?.length === 0 && !adding && (
          <Empty icon="clock" title={text.schedules.empty}>
            <div className="mt-5">{add}</div>
          </Empty>
        )}
        {all && all.length > 0 && (
          <ul className="space-y-3">
            {all.map((schedule) => (
              <ScheduleCard key={schedule.id} schedule={schedule} />
            ))}
          </ul>
        )}
        {schedules.hasNextPage && (
          <Button disabled={schedules.isFetchingNextPage} onClick={() => void schedules.fetchNextPage()}>
            {text.common.loadMore}
          </Button>
        )}
      </div>
    </Page>
  );
}
