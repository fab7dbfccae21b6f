import type { History } from "../../../src/client/index.ts";
import { asProblem } from "../api/problem.ts";
import { formatDuration, formatMs } from "../format/format.ts";
import { useConsoleText } from "../i18n/console-text.ts";
import { useLocale } from "../i18n/locale.ts";
import { ProblemNotice } from "../ui/problem-notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ChartCard } from "./chart-card.tsx";
import { Failures } from "./failures.tsx";
import { type Range, useHistory } from "./history.ts";

/** History charts. */
export function Charts({ range, queue }: { range: Range; queue: string }) {
  const query = useHistory(range, queue);
  if (query.data) return <Loaded history={query.data} />;
  if (query.error) {
    return <ProblemNotice problem={asProblem(query.error)} onRetry={() => void query.refetch()} />;
  }
  return <Skeleton rows={2} height="15rem" />;
}

function Loaded({ history }: { history: History }) {
  const words = useConsoleText();
  const { charts, series: names } = words.overview;
  const locale = useLocale();
  const { series } = history;
  const times = history.times.map((time) => Date.parse(time) / 1_000);
  const number = (value: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0, notation: "compact" }).format(
      value,
    );
  const failed = (series.failures ?? []).map((value) => perMinute(value, history.stepSeconds));
  const ended = (series.throughput ?? []).map((value) => (value === null ? null : value * 60));
  const done = ended.map((value, at) => (value === null ? null : Math.max(0, value - (failed[at] ?? 0))));
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <ChartCard
        title={charts.throughput}
        times={times}
        series={[
          { name: names.done, color: "good", values: done, fill: true },
          { name: names.failed, color: "bad", values: failed },
        ]}
        format={number}
      />
      <ChartCard
        title={charts.waiting}
        times={times}
        series={[{ name: names.waiting, color: "accent", values: series.waiting ?? [], fill: true }]}
        format={number}
      />
      <ChartCard
        title={charts.wait}
        times={times}
        series={[
          { name: names.p50, color: "accent", values: series.waitP50Ms ?? [] },
          { name: names.p95, color: "warn", values: series.waitP95Ms ?? [] },
        ]}
        format={(value) => formatMs(value, locale)}
      />
      <ChartCard
        title={charts.run}
        times={times}
        series={[
          { name: names.p50, color: "accent", values: series.runP50Ms ?? [] },
          { name: names.p95, color: "warn", values: series.runP95Ms ?? [] },
        ]}
        format={(value) => formatMs(value, locale)}
      />
      <ChartCard
        title={charts.oldest}
        times={times}
        series={[{ name: names.oldest, color: "warn", values: series.oldestSeconds ?? [], fill: true }]}
        format={(value) => formatDuration(value, locale)}
      />
      <Failures codes={history.failuresByCode} />
    </div>
  );
}

function perMinute(value: number | null, stepSeconds: number): number | null {
  return value === null ? null : (value * 60) / stepSeconds;
}
