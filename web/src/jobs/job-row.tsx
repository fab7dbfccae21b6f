import { memo } from "react";
import { hasEnded, type Job } from "../api/contract.ts";
import { DownloadNote } from "../downloads/download-note.tsx";
import { formatDateTime, formatPercent, formatRelative } from "../format/format.ts";
import { optionsSummary } from "../format/options-summary.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { jobTitle } from "../job/title.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Icon } from "../ui/icons.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { JobPictures } from "./job-pictures.tsx";

interface Props {
  job: Job;
  /** Title of its pipeline. */
  kind: string;
  now: number;
  /** How far a download of its archive is. */
  downloading: number | undefined;
  selected: boolean;
  onSelect(id: string, on: boolean): void;
}

export const JobRow = memo(function JobRow({ job, kind, now, downloading, selected, onSelect }: Props) {
  const text = useText();
  const locale = useLocale();
  const { total, done, failed, cached, fraction } = job.progress;
  const ended = hasEnded(job);
  const title = jobTitle(text, job, kind);
  const created = job.createdAt ?? "";
  const summary = optionsSummary(job.options);
  const counts = [
    title !== kind && kind,
    ended && done === total ? text.jobs.items(total) : text.jobs.done(done, total),
    failed > 0 && text.jobs.failed(failed),
    cached > 0 && text.jobs.cached(cached),
  ].filter(Boolean);

  return (
    <li className="relative transition-colors hover:bg-sunken/60 has-focus-visible:bg-sunken/60">
      <div className="flex items-center gap-3 px-4 py-4 sm:gap-4 sm:px-5">
        <input
          type="checkbox"
          aria-label={text.jobs.select(title)}
          checked={selected}
          onChange={(event) => onSelect(job.id, event.target.checked)}
          // Above the row's link, which covers the row. The area around the checkbox is clickable, too.
          className="relative z-10 size-4 shrink-0 accent-accent before:absolute before:-inset-3"
        />
        <JobPictures job={job} />
        <div className="min-w-0 flex-1">
          <div className="flex items-center gap-3">
            <Link
              href={paths.job(job.id)}
              className="min-w-0 truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
            >
              {title}
            </Link>
            <StateBadge state={job.state} />
          </div>
          <p className="mt-0.5 truncate text-[0.8125rem] text-soft tabular-nums">
            {counts.join(" · ")}
            {summary && <span className="text-faint"> · {summary}</span>}
          </p>
          {!ended && (
            <div className="mt-2 flex items-center gap-3">
              <ProgressBar thin fraction={fraction} label={text.jobs.progressOf(title)} />
              <span className="w-9 shrink-0 text-right text-xs text-soft tabular-nums">
                {formatPercent(fraction, locale)}
              </span>
            </div>
          )}
          {ended && (
            <DownloadNote job={job} title={title} fraction={downloading} now={now} className="mt-1.5" />
          )}
        </div>
        <time
          dateTime={created}
          title={formatDateTime(created, locale)}
          className="shrink-0 self-start text-xs text-faint max-sm:pt-1 sm:self-center sm:text-[0.8125rem]"
        >
          {formatRelative(created, now, locale)}
        </time>
        <Icon name="right" className="shrink-0 text-faint max-sm:hidden" />
      </div>
    </li>
  );
});
