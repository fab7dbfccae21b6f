import type { JobEvent, JobItem } from "../api/contract.ts";

/** What is told of an item while it runs, and is not kept by the server. */
export interface LiveItem {
  attempt: number;
  fraction: number;
  message: string;
  text: string;
}

export type LiveItems = ReadonlyMap<number, LiveItem>;

/** Adds one live event. What an attempt that was superseded still says is dropped. */
export function withLiveEvent(now: LiveItems, type: string, event: JobEvent): LiveItems {
  if (event.index === undefined) return now;
  const attempt = event.attempt ?? 1;
  const before = now.get(event.index);
  if (before && before.attempt > attempt) return now;
  const same = before?.attempt === attempt ? before : { attempt, fraction: 0, message: "", text: "" };
  const next =
    type === "text.delta"
      ? { ...same, text: same.text + (event.text ?? "") }
      : {
          ...same,
          fraction: Math.max(same.fraction, Math.min(1, event.fraction ?? same.fraction)),
          message: event.message ?? same.message,
        };
  return new Map(now).set(event.index, next);
}

/** How far an item is, from 0 to 1; `null` while it runs and has not told yet. */
export function itemFraction(
  item: Pick<JobItem, "state" | "attempt">,
  live: LiveItem | undefined,
): number | null {
  switch (item.state) {
    case "queued":
    case "retrying":
      return 0;
    case "running":
      return live && live.attempt >= item.attempt && live.fraction > 0 ? live.fraction : null;
    default:
      return 1;
  }
}

/** The bar of the whole job: its own figure, moved on by the items that are under way. */
export function jobFraction(
  progress: { fraction: number; total: number },
  items: readonly JobItem[],
  live: LiveItems,
): number {
  if (progress.fraction >= 1 || progress.total === 0) return progress.fraction;
  const underWay = items.reduce(
    (sum, item) => sum + (item.state === "running" ? (itemFraction(item, live.get(item.index)) ?? 0) : 0),
    0,
  );
  return Math.min(0.999, progress.fraction + underWay / progress.total);
}
