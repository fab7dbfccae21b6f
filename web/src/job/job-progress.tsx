import { useMemo } from "react";
import { hasEnded, type Job, type JobItem } from "../api/contract.ts";
import { formatDuration, formatPercent, formatRelative } from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import type { Dictionary } from "../i18n/en.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { failedParts, totalsOf } from "./pictures.ts";
import { createRemaining, roundedUp } from "./remaining.ts";
import { Savings } from "./savings.tsx";

interface Props {
  job: Job;
  items: readonly JobItem[];
  fraction: number;
}

const tones = {
  queued: "accent",
  running: "accent",
  succeeded: "good",
  partial: "good",
  failed: "bad",
  cancelled: "good",
  expired: "faint",
} as const;

export function JobProgress({ job, items, fraction }: Props) {
  const text = useText();
  const locale = useLocale();
  const ended = hasEnded(job);
  const now = useNow(1_000, !ended);
  const { total, done, failed, cached } = job.progress;
  // Fraction of the filled part of the bar.
  const failedPart = job.state === "failed" || done + failed === 0 ? 0 : failed / (done + failed);
  const starts = job.startAt && Date.parse(job.startAt) > now ? job.startAt : null;
  const waiting = starts ? text.job.scheduled(formatRelative(starts, now, locale)) : text.job.waiting;
  const open = job.state === "queued" ? waiting : text.job.doneOf(done, total);
  // The job cannot run at the moment, whatever its state.
  const unserved = job.waiting !== null && text.job.unserved(job.pipelineVersion);
  const headline = ended ? endWords(text, job) : open;
  const without = job.state === "succeeded" && failedParts(job.items) > 0;
  const end = job.finishedAt ? Date.parse(job.finishedAt) : now;
  const seconds = job.startedAt ? Math.max(0, (end - Date.parse(job.startedAt)) / 1000) : null;
  const remaining = useRemaining(job, fraction, now);
  // Only show totals if all items are loaded.
  const totals = ended && items.length >= total ? totalsOf(items) : null;
  const facts = [
    ended && text.job.doneOf(done, total),
    failed > 0 && text.job.failedCount(failed),
    cached > 0 && text.job.cachedCount(cached),
    remaining !== null && text.job.timeLeft(formatDuration(roundedUp(remaining), locale)),
    !ended && job.state === "running" && text.job.leftCount(Math.max(0, total - done - failed)),
    seconds !== null &&
      (!ended || seconds >= 0.05) &&
      (ended ? text.job.took(formatDuration(seconds, locale)) : formatDuration(Math.floor(seconds), locale)),
  ].filter(Boolean);

  return (
    <div>
      <div className="mb-3 flex items-baseline justify-between gap-4">
        <p className="text-lg font-semibold text-balance">{headline}</p>
        {!ended && (
          <p className="text-2xl font-semibold tracking-tight tabular-nums">
            {formatPercent(fraction, locale)}
          </p>
        )}
      </div>
      {/* The savings say more than a full bar. */}
      {!(totals && job.state === "succeeded") && (
        <ProgressBar
          fraction={job.state === "cancelled" ? done / Math.max(1, total) : fraction}
          label={text.job.progress}
          tone={without ? "warn" : tones[job.state]}
          failed={failedPart}
        />
      )}
      <p className="mt-3 min-h-5 text-sm text-soft tabular-nums">{facts.join(" · ")}</p>
      {unserved && (
        <p role="status" className="mt-1 text-sm text-warn">
          {unserved}
        </p>
      )}
      {totals && <Savings totals={totals} />}
    </div>
  );
}

/** Estimated remaining seconds. `null` if unknown. */
function useRemaining({ id, run, state }: Job, fraction: number, now: number): number | null {
  // biome-ignore lint/correctness/useExhaustiveDependencies: starts over with each run of a job
  const update = useMemo(createRemaining, [id, run]);
  return state === "running" ? update(now, fraction) : null;
}

/** Outcome of the job. Its parts may have failed even if all items succeeded. */
export function endWords(text: Dictionary, job: Job): string {
  const parts = job.state === "succeeded" ? failedParts(job.items) : 0;
  return parts > 0 ? text.job.endedWithout(parts) : text.job.ended[job.state as keyof typeof text.job.ended];
}
