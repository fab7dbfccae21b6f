import type { JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { ItemParts } from "./item-parts.tsx";
import { itemFraction, type LiveItem, partsNow } from "./live-progress.ts";

/** Name and state. */
export function ItemHead({ item, name }: { item: JobItem; name: string }) {
  const text = useText();
  const [first, second] = item.outputs;
  const output = first && !second && first.name !== name ? first.name : null;
  return (
    <div className="flex items-center gap-3">
      <p className="min-w-0 truncate font-medium" title={name}>
        {name}
        {output && (
          <span className="font-normal text-soft" title={text.job.outputName(output)}>
            <span aria-hidden="true"> → </span>
            <span className="sr-only">. {text.job.outputName("")}</span>
            {output}
          </span>
        )}
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
  );
}

interface Props {
  item: JobItem;
  live: LiveItem | undefined;
  name: string;
}

/** Progress of a running item. */
export function UnderWay({ item, live, name }: Props) {
  const text = useText();
  const parts = partsNow(item, live);
  return (
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
  );
}
