import { type Distribution, distribution, type Figures, figuresOf } from "../figures.ts";
import type { CellRecord, Outcome, RequestRecord, RunRecord } from "../records.ts";
import type { Measurement } from "./load-test.ts";
import { type Judged, judge, type Threshold } from "./thresholds.ts";

/** Result of a load test: output of `--json`, and part of the report. */
export interface LoadSummary {
  run: RunRecord;
  cell: CellRecord;
  figures: Figures;
  idle: Distribution | null;
  thresholds: Judged[];
  reasons: { outcome: Outcome; text: string; count: number }[];
  /** Reasons to distrust the figures. */
  notes: string[];
}

/** If the generator's p99 lateness exceeds this, it lacks CPU time. */
const LATE_MS = 50;
const MOST_REASONS = 8;

export function summarize(
  run: RunRecord,
  { cell, requests, idle }: Measurement,
  given: { thresholds: readonly Threshold[]; cached: number },
): LoadSummary {
  const figures = figuresOf(requests);
  const idleTimes = distribution(idle.filter(({ ok }) => ok).map(({ ms }) => ms));
  const notes: string[] = [];
  const late = figures.lateness?.p99 ?? 0;
  if (late > LATE_MS)
    notes.push(
      `The load generator sent requests up to ${Math.round(late)} ms late (p99), because it had too little CPU time. ` +
        "This delay is part of every time.",
    );
  if (given.cached > 0)
    notes.push(
      `${given.cached} of ${figures.outcomes.ok} results came from the cache, so they measure no work.`,
    );
  const deaf = idle.filter(({ ok }) => !ok).length;
  if (deaf > 0) notes.push(`The idle endpoint did not answer ${deaf} of ${idle.length} calls.`);
  if (cell.loop === "closed")
    notes.push(
      "In a closed loop, a slow server gets fewer requests, so times look too good while it stalls. " +
        "Compare with --loop open.",
    );
  return {
    run,
    cell,
    figures,
    idle: idleTimes,
    thresholds: judge(given.thresholds, { ...figures, idle: idleTimes }),
    reasons: reasonsOf(requests),
    notes,
  };
}

/** Reasons for failures, most frequent first. */
export function reasonsOf(
  requests: readonly RequestRecord[],
): { outcome: Outcome; text: string; count: number }[] {
  const failed = requests.filter(({ outcome }) => outcome !== "ok");
  const groups = Map.groupBy(failed, ({ outcome, status, detail }) =>
    [outcome, status, detail].filter((part) => part !== null && part !== "").join(" · "),
  );
  return [...groups]
    .map(([text, group]) => ({ outcome: group[0]!.outcome, text, count: group.length }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_REASONS);
}
