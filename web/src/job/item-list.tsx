import { hasEnded, type Job, type JobItem } from "../api/contract.ts";
import { useText } from "../i18n/locale.ts";
import { Button } from "../ui/button.tsx";
import { Choices } from "../ui/choices.tsx";
import { ItemRow } from "./item-row.tsx";
import type { LiveItems } from "./live-progress.ts";
import type { ItemFilter } from "./use-job.ts";

interface Props {
  job: Job;
  items: readonly JobItem[];
  live: LiveItems;
  filter: ItemFilter;
  onFilter(filter: ItemFilter): void;
  onCompare(index: number): void;
  hasMore: boolean;
  onMore(): void;
  loading: boolean;
}

export function ItemList({ job, items, live, filter, onFilter, onCompare, hasMore, onMore, loading }: Props) {
  const text = useText();
  const { done, failed } = job.progress;
  const mixed = filter !== "" || (done > 0 && failed > 0) || (!hasEnded(job) && job.progress.total > 8);
  return (
    <section aria-label={text.job.files}>
      <div className="mb-3 flex min-h-10 flex-wrap items-center justify-between gap-3">
        <h2 className="font-semibold">{text.job.files}</h2>
        {mixed && (
          <Choices
            label={text.jobs.state}
            hideLabel
            columns="grid-flow-col auto-cols-max"
            choices={[
              { value: "", label: text.job.filterAll },
              { value: "succeeded", label: text.states.succeeded },
              { value: "failed", label: text.states.failed },
            ]}
            value={filter}
            onChange={onFilter}
          />
        )}
      </div>
      <ul className="card divide-y divide-line overflow-hidden">
        {items.map((item) => (
          <ItemRow
            key={item.index}
            jobId={job.id}
            pipeline={job.pipeline}
            item={item}
            live={live.get(item.index)}
            expired={job.state === "expired"}
            onCompare={onCompare}
          />
        ))}
        {items.length === 0 && <li className="p-6 text-center text-sm text-faint">{text.common.none}</li>}
      </ul>
      {hasMore && (
        <div className="mt-4 text-center">
          <Button onClick={onMore} disabled={loading}>
            {text.common.loadMore}
          </Button>
        </div>
      )}
    </section>
  );
}
