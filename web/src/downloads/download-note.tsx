import type { Job } from "../api/contract.ts";
import { formatDateTime, formatPercent, formatRelative } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import { classes } from "../ui/classes.ts";
import { Icon } from "../ui/icons.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";

interface Props {
  job: Job;
  title: string;
  /** Of downloads in progress. */
  fraction: number | undefined;
  now: number;
  className: string;
}

/** How far the archive of a job is downloaded, or when it last was. */
export function DownloadNote({ job, title, fraction, now, className }: Props) {
  const text = useText();
  const locale = useLocale();
  const { downloadedAt } = job.archive;
  if (fraction !== undefined) {
    return (
      <div className={classes("flex items-center gap-3 text-xs text-soft", className)}>
        <ProgressBar thin fraction={fraction} label={text.jobs.downloadOf(title)} />
        <span className="shrink-0 tabular-nums">
          {text.jobs.downloading(formatPercent(fraction, locale))}
        </span>
      </div>
    );
  }
  if (downloadedAt === null) return null;
  return (
    <p className={classes("flex items-center gap-1 text-xs text-soft", className)}>
      <Icon name="download" className="size-3.5 shrink-0" />
      <time dateTime={downloadedAt} title={formatDateTime(downloadedAt, locale)}>
        {text.jobs.downloaded(formatRelative(downloadedAt, now, locale))}
      </time>
    </p>
  );
}
