import type { CellRecord, Check, RequestRecord, SampleRecord } from "../records.ts";

const WINDOW_MS = 10_000;
const TOLERANCE = 0.05;
/** Minimum fraction of requests with a known end, because abandoned requests stay in a queue for an unknown time. */
const KNOWN = 0.99;

/**
 * Checks Little's law: in each 10 s of the steady part, the mean number of sampled requests must match arrival rate
 * times time in the system. The two are measured independently, so this detects stalled samplers, wrong clocks and
 * vanished requests. `null` if the cell has no steady part of 10 s.
 */
export function littlesLaw(
  { loop, warmUpMs }: Pick<CellRecord, "loop" | "warmUpMs">,
  requests: readonly RequestRecord[],
  samples: readonly SampleRecord[],
): Check | null {
  if (loop === "poll" || requests.length === 0) return null;
  const until = requests.reduce((last, { dueMs }) => Math.max(last, dueMs), 0);
  const windows = windowsOf(warmUpMs, until);
  if (windows.length === 0) return null;
  const known = requests.filter(hasEnd).length / requests.length;
  if (known < KNOWN) {
    const detail = `${((1 - known) * 100).toFixed(0)}% of the requests were abandoned, so their time in the system is unknown`;
    return { name: "littles-law", holds: false, detail, values: { known } };
  }
  const levels = levelsOf(samples);
  const pairs = windows.map(([from, to]) => ({
    sampled: meanLevel(levels, from, to),
    reckoned: requests.reduce((sum, request) => sum + overlap(stay(request), from, to), 0) / (to - from),
  }));
  const errors = pairs.map(({ sampled, reckoned }) =>
    sampled === null ? Number.POSITIVE_INFINITY : Math.abs(sampled - reckoned) / Math.max(1, reckoned),
  );
  const worst = Math.max(...errors);
  const at = pairs[errors.indexOf(worst)]!;
  return {
    name: "littles-law",
    holds: worst <= TOLERANCE,
    detail: `worst of ${pairs.length} × 10 s: ${at.sampled === null ? "no samples" : `${at.sampled.toFixed(2)} requests sampled`}, ${at.reckoned.toFixed(2)} calculated from their times`,
    values: {
      windows: pairs.length,
      worst: Number.isFinite(worst) ? worst : 1,
      ...{ reckoned: at.reckoned },
    },
  };
}

function windowsOf(from: number, until: number): [number, number][] {
  const count = Math.floor((until - from) / WINDOW_MS);
  return Array.from({ length: count }, (_, n) => [from + n * WINDOW_MS, from + (n + 1) * WINDOW_MS]);
}

/** Refused requests were never in the system. */
function hasEnd({ outcome, endedMs, sentMs }: RequestRecord): boolean {
  return outcome === "refused" || endedMs !== null || sentMs === null;
}

/** When a request was in the system: from acceptance, or from sending if unknown. */
function stay({ outcome, acceptedMs, sentMs, endedMs }: RequestRecord): [number, number] {
  const began = acceptedMs ?? sentMs;
  return outcome === "refused" || began === null || endedMs === null ? [0, 0] : [began, endedMs];
}

function overlap([began, ended]: [number, number], from: number, to: number): number {
  return Math.max(0, Math.min(ended, to) - Math.max(began, from));
}

interface Level {
  atMs: number;
  held: number;
}

/** Levels from the source that knows both waiting and running requests. */
function levelsOf(samples: readonly SampleRecord[]): Level[] {
  return samples.flatMap(({ atMs, ready, running }) =>
    ready === null || running === null ? [] : [{ atMs, held: ready + running }],
  );
}

/** Mean of the samples in a window. `null` if there are none. */
function meanLevel(levels: readonly Level[], from: number, to: number): number | null {
  const inside = levels.filter(({ atMs }) => atMs >= from && atMs < to);
  return inside.length === 0 ? null : inside.reduce((sum, { held }) => sum + held, 0) / inside.length;
}
