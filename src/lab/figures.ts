import { type Outcome, outcomes, type RequestRecord } from "./records.ts";
import { percentile } from "./statistics.ts";

/** In milliseconds. */
export interface Distribution {
  count: number;
  min: number;
  mean: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}

/**
 * Parts of a request's time, as far as known.
 * - `accept`: from the due time until the client gets the `202`
 * - `wait`: from then until a worker starts
 * - `service`: from then until the worker ends
 * - `total`: from the due time until the client gets the result
 */
export const timeNames = ["accept", "wait", "service", "total"] as const;
export type TimeName = (typeof timeNames)[number];

export interface Figures {
  requests: number;
  outcomes: Record<Outcome, number>;
  /** From the first due request to the last known outcome. */
  seconds: number;
  /** Requests due and successful results per second, over the time in which requests were due. */
  offeredPerSecond: number;
  okPerSecond: number;
  /** `null` if no request has such a time. `total` covers only successful requests. */
  times: Record<TimeName, Distribution | null>;
  /** How late the generator sent requests, which is its own share of every time. */
  lateness: Distribution | null;
}

export function figuresOf(requests: readonly RequestRecord[]): Figures {
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const { outcome } of requests) counts[outcome]++;
  const due = requests.map(({ dueMs }) => dueMs);
  const first = least(due);
  const last = greatest(requests.map(({ seenMs }) => seenMs));
  const offered = Math.max(1, greatest(due) - first) / 1_000;
  return {
    requests: requests.length,
    outcomes: counts,
    seconds: requests.length === 0 ? 0 : (last - first) / 1_000,
    offeredPerSecond: requests.length / offered,
    okPerSecond: counts.ok / Math.max(offered, (last - first) / 1_000),
    times: Object.fromEntries(
      timeNames.map((name) => [name, distribution(timesOf(requests, name))]),
    ) as Figures["times"],
    lateness: distribution(
      requests.flatMap(({ sentMs, dueMs }) => (sentMs === null ? [] : [sentMs - dueMs])),
    ),
  };
}

export function timesOf(requests: readonly RequestRecord[], name: TimeName): number[] {
  return requests.flatMap((request) => timeOf(request, name) ?? []);
}

/** Services report whole milliseconds, so a part may appear to end up to 1 ms before it began. */
function timeOf({ dueMs, acceptedMs, startedMs, endedMs, seenMs, outcome }: RequestRecord, name: TimeName) {
  if (name === "accept") return acceptedMs === null ? null : acceptedMs - dueMs;
  if (name === "total") return outcome === "ok" ? seenMs - dueMs : null;
  if (startedMs === null) return null;
  if (name === "wait") return Math.max(0, startedMs - (acceptedMs ?? dueMs));
  return endedMs === null ? null : Math.max(0, endedMs - startedMs);
}

export function distribution(values: readonly number[]): Distribution | null {
  if (values.length === 0) return null;
  return {
    count: values.length,
    min: least(values),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    p50: percentile(values, 0.5),
    p90: percentile(values, 0.9),
    p95: percentile(values, 0.95),
    p99: percentile(values, 0.99),
    max: greatest(values),
  };
}

/** For any number of values: `Math.max(...values)` can overflow the stack. */
function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function least(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), values[0] ?? 0);
}
