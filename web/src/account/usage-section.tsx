import { useQuery } from "@tanstack/react-query";
import { client } from "../api/client.ts";
import { asProblem } from "../api/problem.ts";
import { formatBytes, formatDateTime } from "../format/format.ts";
import { useAccountText } from "../i18n/account-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Section } from "./section.tsx";

const refreshMs = 15_000;

export function UsageSection() {
  const text = useAccountText();
  const locale = useLocale();
  const words = text.account;
  const { data, error, refetch } = useQuery({
    queryKey: ["usage"],
    queryFn: ({ signal }) => client.account.usage({ signal }),
    refetchInterval: refreshMs,
  });
  const number = (value: number) => value.toLocaleString(locale);
  const bytes = (value: number) => formatBytes(value, locale);
  return (
    <Section title={words.usage} hint={words.usageHint}>
      <div className="card space-y-5 p-5">
        {error && !data && <ProblemNotice problem={asProblem(error)} onRetry={() => void refetch()} />}
        {!error && !data && <Skeleton rows={3} height="2.5rem" />}
        {data && (
          <>
            <Meter label={words.quotas.jobs} {...data.jobs} format={number} />
            <Meter
              label={words.quotas.itemsPerDay}
              {...data.itemsPerDay}
              format={number}
              hint={words.freesAt(formatDateTime(data.itemsPerDay.freesAt, locale))}
            />
            <Meter
              label={words.quotas.storedBytes}
              {...data.storedBytes}
              format={bytes}
              hint={words.freeStorage}
            />
            <Plain label={words.quotas.requestsPerMinute} limit={data.requestsPerMinute.limit} />
          </>
        )}
      </div>
    </Section>
  );
}

interface MeterProps {
  label: string;
  used: number;
  limit: number | null;
  format(value: number): string;
  /** What to do when the quota is used up. */
  hint?: string;
}

/** Fraction from which a quota counts as nearly used up. */
const nearly = 0.9;

function Meter({ label, used, limit, format, hint }: MeterProps) {
  const text = useAccountText();
  const fraction = limit === null ? 0 : limit === 0 ? 1 : used / limit;
  const isScarce = limit !== null && fraction >= nearly;
  return (
    <div>
      <p className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
        <span className="font-medium">{label}</span>
        <span className="text-soft tabular-nums">
          {limit === null
            ? `${format(used)} · ${text.account.noLimit}`
            : text.account.of(format(used), format(limit))}
        </span>
      </p>
      {limit !== null && (
        <div className="mt-1.5">
          <ProgressBar
            label={label}
            fraction={Math.min(1, fraction)}
            tone={fraction >= 1 ? "bad" : isScarce ? "warn" : "accent"}
          />
        </div>
      )}
      {isScarce && hint && <p className="mt-1 text-xs text-soft">{hint}</p>}
    </div>
  );
}

function Plain({ label, limit }: { label: string; limit: number | null }) {
  const text = useAccountText();
  const locale = useLocale();
  return (
    <p className="flex flex-wrap items-baseline justify-between gap-x-4 text-sm">
      <span className="font-medium">{label}</span>
      <span className="text-soft tabular-nums">
        {limit === null ? text.account.noLimit : limit.toLocaleString(locale)}
      </span>
    </p>
  );
}
