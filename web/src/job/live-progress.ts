import type { JobEvent, JobItem } from "../api/contract.ts";

/** What is told of an item while it runs, and is not kept by the server. */
export interface LiveItem {
  attempt: number;
  /** Where the events say so: each step begins anew, with its first attempt. */
  step?: string;
  fraction: number;
  message: string;
  text: string;
  parts?: JobItem["parts"];
}

export type LiveItems = ReadonlyMap<number, LiveItem>;

/** Adds one live event. What an attempt that was superseded still says is dropped. */
export function withLiveEvent(now: LiveItems, type: string, event: JobEvent): LiveItems {
  // What a part tells of itself is in the list of parts.
  if (event.index === undefined || event.part !== undefined) return now;
  const attempt = event.attempt ?? 1;
  const before = now.get(event.index);
  const isOfAnother = event.step !== undefined && before?.step !== undefined && event.step !== before.step;
  if (before && !isOfAnother && before.attempt > attempt) return now;
  const same =
    before?.attempt === attempt && !isOfAnother ? before : { attempt, fraction: 0, message: "", text: "" };
  const next =
    type === "text.delta"
      ? { ...same, text: same.text + (event.text ?? "") }
      : {
          ...same,
          step: event.step ?? same.step,
          fraction: Math.max(same.fraction, Math.min(1, event.fraction ?? same.fraction)),
          message: event.message ?? same.message,
          parts: furtherOf(same.parts, event.parts),
        };
  return new Map(now).set(event.index, next);
}

type Parts = JobItem["parts"];

/** Workers tell independently of each other, so that an older figure may come later. */
function furtherOf(before: Parts | undefined, now: Parts | undefined): Parts | undefined {
  if (!before || !now) return now ?? before;
  return endedParts(now) >= endedParts(before) ? now : before;
}

export function endedParts({ done, failed }: Parts): number {
  return done + failed;
}

/** How the parts of an item stand; `null` where it has none. */
export function partsNow(
  item: Pick<JobItem, "state" | "attempt" | "parts">,
  live: LiveItem | undefined,
): Parts | null {
  if (item.parts.total === 0) return item.state === "running" ? (live?.parts ?? null) : null;
  const isFresh = item.state === "running" && live?.parts?.total === item.parts.total;
  return (isFresh && furtherOf(item.parts, live.parts)) || item.parts;
}

/** How far an item is, from 0 to 1; `null` while it runs and has not told yet. */
export function itemFraction(
  item: Pick<JobItem, "state" | "attempt" | "parts"> & { step?: string | null },
  live: LiveItem | undefined,
): number | null {
  const parts = item.state === "running" && partsNow(item, live);
  if (parts && endedParts(parts) < parts.total) return endedParts(parts) / parts.total;
  switch (item.state) {
    case "queued":
    case "retrying":
      return 0;
    case "running":
      if (!live || (live.step !== undefined && item.step && live.step !== item.step)) return null;
      return live.attempt >= item.attempt && live.fraction > 0 ? live.fraction : null;
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
    (sum, item) => sum + (item.state === "running" ? shareOf(item, live.get(item.index)) : 0),
    0,
  );
  return Math.min(0.999, progress.fraction + underWay / progress.total);
}

/** Fetching the file of an item is a step of its own, before one more at least. */
function shareOf(item: JobItem, live: LiveItem | undefined): number {
  return (itemFraction(item, live) ?? 0) / (item.url ? 2 : 1);
}
