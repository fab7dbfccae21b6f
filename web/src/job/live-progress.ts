import type { JobEvent, JobItem } from "../api/contract.ts";

/** Live state of a running item, which the server does not store. */
export interface LiveItem {
  attempt: number;
  /** If present in events, attempts are counted per step. */
  step?: string;
  fraction: number;
  message: string;
  text: string;
  parts?: JobItem["parts"];
}

export type LiveItems = ReadonlyMap<number, LiveItem>;

/** Applies a live event. Ignores events of superseded attempts. */
export function withLiveEvent(now: LiveItems, type: string, event: JobEvent): LiveItems {
  // The list of parts shows a part's own events.
  if (event.index === undefined || event.part !== undefined) return now;
  const attempt = event.attempt ?? 1;
  const before = now.get(event.index);
  const isOfAnother = event.step !== undefined && before?.step !== undefined && event.step !== before.step;
  if (before && !isOfAnother && before.attempt > attempt) return now;
  const same =
    before?.attempt === attempt && !isOfAnother ? before : { attempt, fraction: 0, message: "", text: "" };
  const next =
    type === "text.delta"
      ? { ...same, text: continued(same.text, event) }
      : {
          ...same,
          step: event.step ?? same.step,
          fraction: Math.max(same.fraction, Math.min(1, event.fraction ?? same.fraction)),
          message: event.message ?? same.message,
          parts: furtherOf(same.parts, event.parts),
        };
  return new Map(now).set(event.index, next);
}

/** A piece with offset 0 may be the whole text so far, which replaces what we have. */
function continued(before: string, { text = "", offset = before.length }: JobEvent): string {
  return before.slice(0, offset) + text;
}

type Parts = JobItem["parts"];

/** Workers report independently, so an older figure may arrive later. */
function furtherOf(before: Parts | undefined, now: Parts | undefined): Parts | undefined {
  if (!before || !now) return now ?? before;
  return endedParts(now) >= endedParts(before) ? now : before;
}

export function endedParts({ done, failed }: Parts): number {
  return done + failed;
}

/** Progress of an item's parts. `null` if there are none. */
export function partsNow(
  item: Pick<JobItem, "state" | "attempt" | "parts">,
  live: LiveItem | undefined,
): Parts | null {
  if (item.parts.total === 0) return item.state === "running" ? (live?.parts ?? null) : null;
  const isFresh = item.state === "running" && live?.parts?.total === item.parts.total;
  return (isFresh && furtherOf(item.parts, live.parts)) || item.parts;
}

/** Progress of an item, 0 to 1. `null` while it runs without having reported any. */
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

/** Progress of the whole job, plus the progress of running items. */
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

/** For an item with a URL, fetching is a separate step before at least one more. */
function shareOf(item: JobItem, live: LiveItem | undefined): number {
  return (itemFraction(item, live) ?? 0) / (item.url ? 2 : 1);
}
