import { formatBytes, sizeChange } from "../format/format.ts";
import { useLocale, useText } from "../i18n/locale.ts";
import type { Totals } from "./pictures.ts";

/** How much a conversion saved, in large type, with both sizes as bars on one scale. */
export function Savings({ totals: { before, after } }: { totals: Totals }) {
  const text = useText();
  const locale = useLocale();
  const change = sizeChange(before, after);
  const saved = before - after;
  if (!change || change.kind === "same") {
    return (
      <p className="text-sm text-soft">
        {text.job.total(formatBytes(before, locale), formatBytes(after, locale))}
      </p>
    );
  }
  const smaller = change.kind === "smaller";
  return (
    <div className="mt-5 grid items-center gap-x-8 gap-y-4 sm:grid-cols-[auto_minmax(0,1fr)]">
      <p className={smaller ? "text-good" : "text-warn"}>
        <span className="block text-5xl font-extrabold tracking-tighter tabular-nums sm:text-6xl">
          {change.kind === "times" ? `${change.times}×` : `${smaller ? "−" : "+"}${change.percent}%`}
        </span>
        <span className="mt-1 block text-sm font-semibold">
          {smaller
            ? text.job.savedSize(formatBytes(saved, locale))
            : text.job.grownTotal(formatBytes(-saved, locale))}
        </span>
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 text-[0.8125rem] tabular-nums">
        <Bar label={text.job.before} bytes={before} most={Math.max(before, after)} look="bg-line-strong" />
        <Bar
          label={text.job.after}
          bytes={after}
          most={Math.max(before, after)}
          look={smaller ? "bg-good" : "bg-warn"}
        />
      </dl>
    </div>
  );
}

function Bar({ label, bytes, most, look }: { label: string; bytes: number; most: number; look: string }) {
  const locale = useLocale();
  return (
    <div className="contents">
      <dt className="text-soft">{label}</dt>
      <dd aria-hidden="true" className="h-3 overflow-hidden rounded-full bg-sunken">
        <span
          className={`block h-full origin-left animate-[grow_900ms_cubic-bezier(0.2,0.8,0.2,1)] rounded-full ${look}`}
          style={{ width: `${Math.max(1, (bytes / most) * 100)}%` }}
        />
      </dd>
      <dd className="text-right font-semibold">{formatBytes(bytes, locale)}</dd>
    </div>
  );
}
