import { lazy, Suspense, useId, useState } from "react";
import { formatDateTime } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import type { Series } from "./series.ts";

// uPlot is loaded with the first chart.
const Chart = lazy(() => import("./chart.tsx"));

interface Props {
  title: string;
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly Series[];
  format(value: number): string;
}

/** A chart with a legend, and the same data as a table for screen readers. */
export function ChartCard({ title, times, series, format }: Props) {
  const words = useConsoleText().overview;
  const id = useId();
  const isEmpty = series.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <section aria-labelledby={id} className="card min-w-0 p-4 sm:p-5">
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {series.length > 1 && (
          <ul className="flex flex-wrap gap-x-3 text-xs text-soft">
            {series.map(({ name, color }) => (
              <li key={name} className="flex items-center gap-1.5">
                <span
                  aria-hidden="true"
                  className="size-2 rounded-full"
                  style={{ background: `var(--${color})` }}
                />
                {name}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="relative min-h-[190px]">
        <Suspense fallback={null}>
          <Chart times={times} series={series} format={format} />
        </Suspense>
        {isEmpty && (
          <p className="absolute inset-0 grid place-items-center text-sm text-faint">{words.noData}</p>
        )}
      </div>
      <ChartTable title={title} times={times} series={series} format={format} />
    </section>
  );
}

/** Maximum rows, evenly sampled, because nobody listens to a thousand. */
const MOST_ROWS = 60;

function ChartTable({ title, times, series, format }: Props) {
  const words = useConsoleText().overview;
  const locale = useLocale();
  const [open, setOpen] = useState(false);
  const step = Math.max(1, Math.ceil(times.length / MOST_ROWS));
  const rows = times.map((_, at) => at).filter((at) => at % step === 0 || at === times.length - 1);
  return (
    <details className="mt-2 text-xs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-faint hover:text-ink">
        {words.table}
        <span className="sr-only">. {words.tableOf(title)}</span>
      </summary>
      {open && (
        <div className="mt-2 max-h-64 overflow-auto rounded-lg border border-line">
          <table className="w-full text-left tabular-nums">
            <caption className="sr-only">{title}</caption>
            <thead className="sticky top-0 bg-sunken">
              <tr>
                <th scope="col" className="px-3 py-1.5 font-medium">
                  {words.time}
                </th>
                {series.map(({ name }) => (
                  <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((at) => (
                <tr key={times[at]} className="border-t border-line">
                  <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">
                    {formatDateTime(new Date(times[at]! * 1_000).toISOString(), locale)}
                  </th>
                  {series.map(({ name, values }) => (
                    <td key={name} className="px-3 py-1 text-right">
                      {values[at] === null || values[at] === undefined ? "–" : format(values[at])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
