import { memo } from "react";
import { hasEnded, type Job } from "../api/contract.ts";
import { formatPercent, formatRelative } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { Link } from "../router/link.tsx";
import { paths } from "../router/routes.ts";
import { Icon } from "../ui/icons.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { StateBadge } from "../ui/state-badge.tsx";
import { JobPictures } from "./job-pictures.tsx";
import { optionsSummary } from "./options-summary.ts";

interface Props {
  job: Job;
  title: string;
  now: number;
}

export const JobRow = memo(function JobRow({ job, title, now }: Props) {
  const text = useText();
  const locale = useLocale();
  const { total, done, failed, cached, fraction } = job.progress;
  const ended = hasEnded(job);
  const summary = optionsSummary(job.options);
  const counts = [
    ended && done === total ? text.jobs.items(total) : text.jobs.done(done, total),
    failed > 0 && text.jobs.failed(failed),
    cached > 0 && text.jobs.cached(cached),
  ].filter(Boolean);

  return (
    <li className="relative transition-colors hover:bg-sunken/60 has-focus-visible:bg-sunken/60">
      <div className="flex items-center gap-4 px-4 py-4 sm:px-5">
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
        </div>
        <time dateTime={job.createdAt ?? ""} className="hidden shrink-0 text-[0.8125rem] text-faint sm:block">
          {formatRelative(job.createdAt ?? "", now, locale)}
        </time>
        <Icon name="right" className="shrink-0 text-faint max-sm:hidden" />
      </div>
    </li>
  );
});
