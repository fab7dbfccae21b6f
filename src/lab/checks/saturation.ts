import type { CellRecord, Check, RequestRecord } from "../records.ts";

/** What limits an architecture's throughput in theory. */
export interface Limits {
  /** Concurrent requests. */
  slots: number;
  /** Users with one open request each. */
  users: number;
  /** Duration of a single request without load. */
  serviceMs: number;
  /** Resource that the work needs: nothing, a core, or the one device. */
  needs: "nothing" | "core" | "device";
  cores: number;
}

/** Predicted requests/s: slots divided by service time, limited by what the machine can serve concurrently. */
export function predictedPerSecond({ slots, users, serviceMs, needs, cores }: Limits): number {
  const served = { nothing: Number.POSITIVE_INFINITY, core: cores, device: 1 }[needs];
  return (Math.min(slots, users, served) * 1_000) / serviceMs;
}

/** Minimum ratio of measurement to prediction. The maximum is its inverse. */
const NEAR = 0.8;

/** Compares a closed loop's steady throughput with the prediction. `null` if there is no steady part. */
export function saturation(
  { loop, warmUpMs }: Pick<CellRecord, "loop" | "warmUpMs">,
  requests: readonly RequestRecord[],
  limits: Limits,
): Check | null {
  if (loop !== "closed") return null;
  const until = requests.reduce((last, { dueMs }) => Math.max(last, dueMs), 0);
  if (until <= warmUpMs) return null;
  const ended = requests.filter(
    ({ outcome, seenMs }) => outcome === "ok" && seenMs >= warmUpMs && seenMs < until,
  );
  const measured = (ended.length * 1_000) / (until - warmUpMs);
  const predicted = predictedPerSecond(limits);
  return {
    name: "saturation",
    holds: measured >= NEAR * predicted && measured <= predicted / NEAR,
    detail: `${measured.toFixed(2)} requests/s measured, ${predicted.toFixed(2)} predicted`,
    values: { measured, predicted },
  };
}
