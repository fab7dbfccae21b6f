import { memo } from "react";
import { artifactUrl } from "../api/client.ts";
import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { ItemError } from "./item-error.tsx";
import { ItemFacts } from "./item-facts.tsx";
import { ItemOutputs } from "./item-outputs.tsx";
import { ItemParts } from "./item-parts.tsx";
import { ItemPicture } from "./item-picture.tsx";
import { itemFraction, type LiveItem, partsNow } from "./live-progress.ts";
import { canCompare } from "./pictures.ts";
import { Children } from "./related-jobs.tsx";
import { ResultView } from "./result-view.tsx";
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
  const [first, second] = item.outputs;
  // Other files have a line of their own below.
  const single = !second && first?.mediaType.startsWith("image/") ? first : undefined;
  return (
    <li className="p-3.5 [contain-intrinsic-size:auto_88px] [content-visibility:auto] sm:px-5 sm:py-4">
      <div className="flex items-center gap-3.5 sm:gap-4">
        <ItemPicture jobId={jobId} item={item} expired={expired} onCompare={onCompare} />
        <div className="min-w-0 flex-1">
          <div className="flex items-center gap-3">
            <p className="min-w-0 truncate font-medium" title={name}>
              {name}
            </p>
            {item.state !== "succeeded" && (
              <span className="shrink-0">
                <StateBadge
                  state={item.state}
                  label={
                    item.state === "running" && item.attempt > 1
                      ? `${text.states.running}, ${text.job.attempt(item.attempt)}`
                      : item.state === "retrying"
                        ? text.job.retryingAttempt(item.attempt)
                        : undefined
                  }
                />
              </span>
            )}
            {item.cached && (
              <span
                title={text.job.cachedHint}
                className="shrink-0 rounded-full bg-accent-soft px-2 py-0.5 text-xs font-medium text-accent"
              >
                {text.job.cached}
              </span>
            )}
          </div>
          {underWay ? (
            <div className="flex h-6 items-center gap-3">
              <ProgressBar
                thin
                fraction={itemFraction(item, live)}
                label={text.job.progressOf(name)}
                tone={item.state === "retrying" ? "warn" : "accent"}
              />
              <span className="hidden w-20 shrink-0 truncate text-xs text-faint sm:block">
                {item.state === "running" && live ? (text.job.doing[live.message] ?? live.message) : ""}
              </span>
              {parts && <ItemParts parts={parts} />}
            </div>
          ) : (
            <div className="flex flex-wrap items-center gap-x-2.5">
              <ItemFacts item={item} />
              {parts && <ItemParts parts={parts} />}
            </div>
          )}
        </div>
        <div className="flex shrink-0 items-center">
          {!expired && canCompare(item) && (
            <IconButton
              icon="compare"
              label={text.job.compareNamed(name)}
              className="max-sm:hidden"
              onClick={() => onCompare(item.index)}
            />
          )}
          {!expired && single && (
            <a
              href={artifactUrl(single.artifactId)}
              download={single.name}
              aria-label={text.job.downloadNamed(single.name)}
              title={text.job.downloadNamed(single.name)}
              className="inline-flex size-9 items-center justify-center rounded-lg text-soft transition-colors hover:bg-sunken hover:text-ink"
            >
              <Icon name="download" />
            </a>
          )}
        </div>
      </div>
      {hasData && (
        <details className="mt-3 text-sm">
          <summary className="text-soft">{text.job.data}</summary>
          <div className="mt-2">
            {item.dataFile ? <ItemOutputs outputs={[item.dataFile]} /> : <ResultView value={item.data} />}
          </div>
        </details>
      )}
      <Children of={item.children} />
      {item.error && (item.state === "failed" || item.state === "retrying") && (
        <ItemError error={item.error} />
      )}
      <Warnings warnings={item.warnings} />
      {live?.text && underWay && (
        <p className="mt-3 whitespace-pre-wrap rounded-xl bg-sunken p-4 text-sm">{live.text}</p>
      )}
      {!expired && (
        <ItemOutputs outputs={item.resultFile ? [...item.outputs, item.resultFile] : item.outputs} />
      )}
      {item.result !== null && (
        <div className="mt-3">
          <ResultView value={item.result} />
        </div>
      )}
    </li>
  );
});
