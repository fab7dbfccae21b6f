import { memo } from "react";
import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { OutputList } from "../outputs/output-list.tsx";
import { Attempts } from "./attempts.tsx";
import { ItemButtons } from "./item-buttons.tsx";
import { ItemError } from "./item-error.tsx";
import { ItemFacts } from "./item-facts.tsx";
import { ItemHead, UnderWay } from "./item-head.tsx";
import { ItemOutputs } from "./item-outputs.tsx";
import { ItemParts } from "./item-parts.tsx";
import { ItemPicture } from "./item-picture.tsx";
import { type LiveItem, partsNow } from "./live-progress.ts";
import { PartList } from "./part-list.tsx";
import { Children } from "./related-jobs.tsx";
import { ResultView } from "./result-view.tsx";
import { StepList } from "./step-list.tsx";
import { Warnings } from "./warnings.tsx";

interface Props {
  jobId: string;
  item: JobItem;
  live: LiveItem | undefined;
  expired: boolean;
  onCompare(index: number): void;
}

export const ItemRow = memo(function ItemRow({ jobId, item, live, expired, onCompare }: Props) {
  const text = useText();
  const hasData = item.data !== null || item.dataFile !== null;
  const name = item.name || (hasData ? text.job.itemNumber(item.index + 1) : text.job.noName);
  const underWay = item.state === "running" || item.state === "retrying" || item.state === "queued";
  const parts = partsNow(item, live);
  const outputs = item.resultFile ? [...item.outputs, item.resultFile] : item.outputs;
  return (
    <li className="p-3.5 [contain-intrinsic-size:auto_88px] [content-visibility:auto] sm:px-5 sm:py-4">
      <div className="flex items-center gap-3.5 sm:gap-4">
        <ItemPicture jobId={jobId} item={item} expired={expired} onCompare={onCompare} />
        <div className="min-w-0 flex-1">
          <ItemHead item={item} name={name} />
          {underWay ? (
            <UnderWay item={item} live={live} name={name} />
          ) : (
            <div className="flex flex-wrap items-center gap-x-2.5">
              <ItemFacts item={item} />
              {parts && <ItemParts parts={parts} />}
            </div>
          )}
        </div>
        {!expired && <ItemButtons item={item} name={name} onCompare={onCompare} />}
      </div>
      {hasData && <ItemData item={item} />}
      <Children of={item.children} />
      {item.error && (item.state === "failed" || item.state === "retrying") && (
        <ItemError error={item.error} />
      )}
      <Warnings warnings={item.warnings} />
      {live?.text && underWay && (
        <p className="mt-3 whitespace-pre-wrap rounded-xl bg-sunken p-4 text-sm">{live.text}</p>
      )}
      {!expired && <ItemOutputs outputs={outputs} />}
      {item.result !== null && (
        <div className="mt-3">
          <ResultView value={item.result} />
        </div>
      )}
      {parts && (
        <PartList
          jobId={jobId}
          index={item.index}
          parts={parts}
          running={item.state === "running"}
          expired={expired}
        />
      )}
      <StepList steps={item.steps} shown={outputs} expired={expired} />
      {item.steps.some(({ attempt, error }) => attempt > 1 || error) && (
        <Attempts jobId={jobId} index={item.index} />
      )}
    </li>
  );
});

/** What was sent instead of a file. */
function ItemData({ item }: { item: JobItem }) {
  const text = useText();
  return (
    <details className="mt-3 text-sm">
      <summary className="text-soft">{text.job.data}</summary>
      <div className="mt-2">
        {item.dataFile ? <OutputList files={[item.dataFile]} /> : <ResultView value={item.data} />}
      </div>
    </details>
  );
}
