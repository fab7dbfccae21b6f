import { type HistoryPoint, historyRecords } from "../../database/history.ts";
import { historyStep, percentile } from "../../domain/history.ts";
import type { Engine } from "../engine.ts";

export const historyMetrics = ["throughput", "waiting", "oldest", "wait", "run", "failures"] as const;
export type MetricName = (typeof historyMetrics)[number];

const stored: Record<MetricName, string> = {
  throughput: "ended",
  waiting: "waiting",
  oldest: "oldest",
  wait: "wait",
  run: "run",
  failures: "failed",
};

export interface HistoryRequest {
  /** Empty: all queues. */
  queue: string;
  from: number;
  to: number;
  metrics: readonly MetricName[];
  /** Aggregate the whole span into one step. @default false */
  asOne?: boolean;
}

type Values = (number | null)[];

/** Series over the same times, with one value per time. */
export interface History {
  from: number;
  to: number;
  stepMs: number;
  times: number[];
  series: { [name: string]: Values };
  /** Failed attempts by error code, most frequent first. */
  codes: { code: string; count: number; values: number[] }[];
}

const SHOWN_CODES = 20;

/** Reads statistics, with at most a few hundred points however long the span. */
export async function readHistory(
  { database, store }: Pick<Engine, "database" | "store">,
  { queue, metrics, asOne = false, ...asked }: HistoryRequest,
): Promise<History> {
  const { spanMs, stepMs: usual } = historyStep(asked.from, asked.to, store.now());
  const unit = asOne ? spanMs : usual;
  const from = Math.floor(asked.from / unit) * unit;
  const to = Math.max(from + unit, Math.ceil(asked.to / unit) * unit);
  const names = metrics.map((name) => stored[name]);
  const found = await historyRecords(database).read({ queue, spanMs, stepMs: unit, from, to }, names);
  const points = asOne ? found.map((point) => ({ ...point, at: from })) : found;
  const stepMs = asOne ? to - from : unit;
  const times = Array.from({ length: (to - from) / stepMs }, (_, n) => from + n * stepMs);
  const counts = countsOf(points);
  const series: History["series"] = {};
  for (const metric of metrics) Object.assign(series, seriesOf(metric, counts, times, stepMs));
  return { from, to, stepMs, times, series, codes: codesOf(counts, times) };
}

/** By metric, then by time: the counts of its buckets. */
type Counts = Map<string, Map<number, Map<number, number>>>;

function countsOf(points: readonly HistoryPoint[]): Counts {
  const counts: Counts = new Map();
  for (const { metric, at, bucket, n } of points) {
    const byTime = counts.get(metric) ?? new Map<number, Map<number, number>>();
    const buckets = byTime.get(at) ?? new Map<number, number>();
    counts.set(metric, byTime.set(at, buckets.set(bucket, n + (buckets.get(bucket) ?? 0))));
  }
  return counts;
}

function seriesOf(metric: MetricName, counts: Counts, times: readonly number[], stepMs: number) {
  const at = (name: string, time: number) => counts.get(name)?.get(time);
  const percentiles = (part: number) =>
    times.map((time) => percentile(at(stored[metric], time) ?? new Map(), part));
  switch (metric) {
    case "throughput":
      return { throughput: times.map((time) => ((at("ended", time)?.get(0) ?? 0) * 1_000) / stepMs) };
    case "waiting":
      return { waiting: times.map((time) => at("waiting", time)?.get(0) ?? null) };
    case "oldest":
      return {
        oldestSeconds: times.map((time) => {
          const ms = at("oldest", time)?.get(0);
          return ms === undefined ? null : ms / 1_000;
        }),
      };
    case "wait":
      return { waitP50Ms: percentiles(0.5), waitP95Ms: percentiles(0.95) };
    case "run":
      return { runP50Ms: percentiles(0.5), runP95Ms: percentiles(0.95) };
    case "failures":
      return { failures: times.map((time) => failuresAt(counts, time)) };
  }
}

function failuresAt(counts: Counts, time: number): number {
  let failures = 0;
  for (const [name, byTime] of counts)
    if (name.startsWith("failed:")) failures += byTime.get(time)?.get(0) ?? 0;
  return failures;
}

function codesOf(counts: Counts, times: readonly number[]): History["codes"] {
  return [...counts]
    .filter(([name]) => name.startsWith("failed:"))
    .map(([name, byTime]) => {
      const values = times.map((time) => byTime.get(time)?.get(0) ?? 0);
      return { code: name.slice("failed:".length), count: values.reduce((a, b) => a + b, 0), values };
    })
    .sort((a, b) => b.count - a.count)
    .slice(0, SHOWN_CODES);
}
