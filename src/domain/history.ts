/** Statistics over time: per minute for a day, and per hour for thirty days. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export const historySpans = [
  { spanMs: MINUTE_MS, keptMs: 24 * HOUR_MS },
  { spanMs: HOUR_MS, keptMs: 30 * 24 * HOUR_MS },
] as const;

/**
 * What a row counts:
 * - `ended`: tasks whose step succeeded or that died
 * - `wait`, `run`: how long tasks waited for their first step, and how long attempts took, as distributions
 * - `failed:CODE`: failed attempts by error
 * - `waiting`, `oldest`: most tasks waiting at any moment, and the longest wait of one, in ms
 */
export type HistoryMetric = "ended" | "wait" | "run" | "waiting" | "oldest" | `failed:${string}`;

export interface HistoryFigure {
  /** Empty: all queues. */
  queue: string;
  metric: HistoryMetric;
  bucket: number;
  n: number;
}

/** Buckets per doubling: the bounds of a bucket are 19 % apart. */
const PER_DOUBLING = 4;
const LAST_BUCKET = 32 * PER_DOUBLING;

/** The bucket of a duration; bucket 0 is up to 1 ms. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(LAST_BUCKET, Math.ceil(Math.log2(ms) * PER_DOUBLING));
}

/** The midpoint of a bucket, ms. */
export function bucketMs(bucket: number): number {
  return bucket === 0 ? 1 : 2 ** ((bucket - 0.5) / PER_DOUBLING);
}

/** The duration below which this fraction of all lies, within 10 %; `null` if there are none. */
export function percentile(buckets: ReadonlyMap<number, number>, part: number): number | null {
  const all = [...buckets].sort(([a], [b]) => a - b);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  let below = 0;
  for (const [bucket, n] of all) {
    below += n;
    if (below >= total * part) return Math.round(bucketMs(bucket));
  }
  return null;
}

/** Most points in one series; a longer one is aggregated. */
export const MOST_POINTS = 360;

/** The spacing of a series' points, and which rows they are built from. */
export function historyStep(from: number, to: number, now: number): { spanMs: number; stepMs: number } {
  const isRecent = from >= now - historySpans[0].keptMs - MINUTE_MS;
  const spanMs = isRecent ? MINUTE_MS : HOUR_MS;
  const wanted = Math.ceil((to - from) / MOST_POINTS / spanMs) * spanMs;
  const steps = isRecent
    ? [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS)
    : [1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS);
  return { spanMs, stepMs: steps.find((step) => step >= wanted) ?? wanted };
}
