import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { listParts } from "../api/client.ts";
import type { JobItem, Page, Part } from "../api/contract.ts";
import { asProblem } from "../api/problem.ts";
import { useText } from "../i18n/locale.ts";
import { OutputList } from "../outputs/output-list.tsx";
import { Button } from "../ui/button.tsx";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { Attempts } from "./attempts.tsx";
import { ItemError } from "./item-error.tsx";
import { endedParts } from "./live-progress.ts";
import { ResultView } from "./result-view.tsx";
import { StepList } from "./step-list.tsx";
import { throttled } from "./throttle.ts";
import { Warnings } from "./warnings.tsx";

interface Props {
  jobId: string;
  index: number;
  /** Current counts. */
  parts: JobItem["parts"];
  running: boolean;
  expired: boolean;
}

/** Minimum interval of reloading the list while parts end. */
const refreshMs = 500;
/** Poll interval, because no event reports the start of a part. */
const runningRefreshMs = 3_000;

/** Parts of an item, loaded when the user opens the list, then kept up to date. */
export function PartList(props: Props) {
  const text = useText();
  const [open, setOpen] = useState(false);
  return (
    <details className="mt-3 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-soft">{text.job.partList(props.parts.total)}</summary>
      {open && <Parts {...props} />}
    </details>
  );
}

function Parts({ jobId, index, parts, running, expired }: Props) {
  const text = useText();
  const query = useInfiniteQuery({
    queryKey: ["job", jobId, "parts", index],
    queryFn: ({ pageParam, signal }): Promise<Page<Part>> => listParts(jobId, index, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: running ? runningRefreshMs : false,
  });
  const { refetch } = query;
  const ended = endedParts(parts);
  const refresh = useMemo(() => throttled(refetch, refreshMs), [refetch]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: reloads whenever a part has ended
  useEffect(() => refresh.ask(), [refresh, running, ended]);
  useEffect(() => refresh.stop, [refresh]);
  if (query.error) return <ProblemNotice problem={asProblem(query.error)} onRetry={() => void refetch()} />;
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <ol
        aria-label={text.job.partList(parts.total)}
        className="mt-2 divide-y divide-line rounded-xl border border-line"
      >
        {list.map((part) => (
          <PartRow key={part.index} part={part} jobId={jobId} item={index} expired={expired} />
        ))}
        {query.isPending && <li className="p-3 text-faint">{text.job.reading}</li>}
      </ol>
      {query.hasNextPage && (
        <Button
          size="small"
          className="mt-2"
          disabled={query.isFetching}
          onClick={() => void query.fetchNextPage()}
        >
          {text.common.loadMore}
        </Button>
      )}
    </>
  );
}

interface RowProps {
  part: Part;
  jobId: string;
  item: number;
  expired: boolean;
}

function PartRow({ part, jobId, item, expired }: RowProps) {
  const text = useText();
  const files = part.resultFile ? [...part.outputs, part.resultFile] : part.outputs;
  const hasData = part.data !== null || part.dataFile !== null || part.files.length > 0;
  return (
    <li className="px-3.5 py-2.5 [contain-intrinsic-size:auto_44px] [content-visibility:auto]">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-xs text-faint tabular-nums">{part.index + 1}</span>
        <span className="min-w-0 flex-1 truncate" title={part.name}>
          {part.name || text.job.partNumber(part.index + 1)}
        </span>
        {part.state === "running" && part.step && <span className="text-xs text-faint">{part.step}</span>}
        <StateBadge
          state={part.state}
          label={part.state === "retrying" ? text.job.retryingAttempt(part.attempt) : undefined}
        />
      </div>
      {part.error && (part.state === "failed" || part.state === "retrying") && (
        <ItemError error={part.error} />
      )}
      <Warnings warnings={part.warnings} />
      {hasData && (
        <details className="mt-1.5">
          <summary className="text-xs text-faint">{text.job.data}</summary>
          {part.data !== null && (
            <div className="mt-2">
              <ResultView value={part.data} />
            </div>
          )}
          {!expired && <OutputList files={part.dataFile ? [part.dataFile, ...part.files] : part.files} />}
        </details>
      )}
      {!expired && <OutputList files={files} />}
      {part.result !== null && (
        <div className="mt-2">
          <ResultView value={part.result} />
        </div>
      )}
      <StepList steps={part.steps} shown={files} expired={expired} />
      {(part.error || part.attempt > 1) && <Attempts jobId={jobId} index={item} part={part.index} />}
    </li>
  );
}
