import { useInfiniteQuery } from "@tanstack/react-query";
import { asProblem } from "../api/problem.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { listDeadLetters } from "./api.ts";
import { DeadLetterRow } from "./dead-letter-row.tsx";
import type { DeadFilter } from "./dead-letters.ts";

interface Props {
  filter: DeadFilter;
  /** An error message already shown above the list. @default none */
  said?: string | null;
  /** Offers to replay all of them. */
  onReplay?(): void;
}

/** Matching dead letters, newest first. */
export function DeadLetterList({ filter, said = null, onReplay }: Props) {
  const text = useConsoleText().dead;
  const query = useInfiniteQuery({
    queryKey: ["console", "dead-letters", "list", filter],
    queryFn: ({ pageParam, signal }) => listDeadLetters(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const letters = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) {
    return (
      <div className="p-5">
        <Skeleton rows={2} height="3rem" />
      </div>
    );
  }
  if (query.error && letters.length === 0) {
    return (
      <div className="p-5">
        <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />
      </div>
    );
  }
  if (letters.length === 0) return <p className="p-5 text-sm text-soft">{text.noneLeft}</p>;
  return (
    <>
      {onReplay && letters.length > 1 && (
        <div className="border-b border-line px-4 py-3 text-right sm:px-5">
          <Button size="small" look="primary" icon="retry" onClick={onReplay}>
            {query.hasNextPage ? text.replayThese : text.replayAll(letters.length)}
          </Button>
        </div>
      )}
      <ul className="divide-y divide-line">
        {letters.map((letter) => (
          <DeadLetterRow key={letter.taskId} letter={letter} said={said} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="border-t border-line p-4 text-center">
          <Button size="small" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {text.more}
          </Button>
        </div>
      )}
    </>
  );
}
