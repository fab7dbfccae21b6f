import { hasEnded, type Job, type JobItem } from "../api/contract.ts";
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatRelative,
  savedPercent,
} from "../format/format.ts";
import { useNow } from "../format/use-now.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { totalsOf } from "./pictures.ts";

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
  // Of the part of the bar that is filled.
  const failedPart = job.state === "failed" || done + failed === 0 ? 0 : failed / (done + failed);
  const starts = job.startAt && Date.parse(job.startAt) > now ? job.startAt : null;
  const waiting = starts ? text.job.scheduled(formatRelative(starts, now, locale)) : text.job.waiting;
  const open = job.state === "queued" ? waiting : text.job.doneOf(done, total);
  // Nothing of it can run at present, whatever its state says.
  const unserved = job.waiting !== null && text.job.unserved(job.pipelineVersion);
  const headline = ended ? text.job.ended[job.state as keyof typeof text.job.ended] : open;
  const end = job.finishedAt ? Date.parse(job.finishedAt) : now;
  const seconds = job.startedAt ? Math.max(0, (end - Date.parse(job.startedAt)) / 1000) : null;
  const facts = [
    ended && text.job.doneOf(done, total),
    failed > 0 && text.job.failedCount(failed),
    cached > 0 && text.job.cachedCount(cached),
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
      <ProgressBar
        fraction={job.state === "cancelled" ? done / Math.max(1, total) : fraction}
        label={text.job.progress}
        tone={tones[job.state]}
        failed={failedPart}
      />
      <p className="mt-3 min-h-5 text-sm text-soft tabular-nums">{facts.join(" · ")}</p>
      {unserved && (
        <p role="status" className="mt-1 text-sm text-warn">
          {unserved}
        </p>
      )}
      {ended && <Savings items={items} complete={items.length >= total} />}
    </div>
  );
}

function Savings({ items, complete }: { items: readonly JobItem[]; complete: boolean }) {
  const text = useText();
  const locale = useLocale();
  const totals = complete ? totalsOf(items) : null;
  if (!totals) return null;
  const saved = totals.before - totals.after;
  const percent = savedPercent(totals.before, totals.after);
  return (
    <p className="mt-1 text-sm text-soft tabular-nums">
      {text.job.total(formatBytes(totals.before, locale), formatBytes(totals.after, locale))}
      {" · "}
      {saved >= 0 ? (
        <span className="font-semibold text-good">
          {text.job.savedTotal(formatBytes(saved, locale), `${percent ?? 0}%`)}
        </span>
      ) : (
        <span className="text-warn">{text.job.grownTotal(formatBytes(-saved, locale))}</span>
      )}
    </p>
  );
}
