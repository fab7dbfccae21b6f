import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { useLocale } from "../i18n/locale.ts";
import { useTheme } from "../theme/theme.ts";
import type { Series } from "./series.ts";

interface Props {
  /** Seconds since 1970. */
  times: readonly number[];
  series: readonly Series[];
  /** For the vertical axis and the legend. */
  format(value: number): string;
  height?: number;
}

/** Lines over time. Hidden from screen readers, because a table next to it has the same data. */
export default function Chart({ times, series, format, height = 190 }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const formatNow = useRef(format);
  formatNow.current = format;
  const locale = useLocale();
  const theme = useTheme();
  const shape = series.map(({ name, color }) => `${name} ${color}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: rebuilds the plot for new lines, language or theme, not for new values
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const made = new UPlot(
      options(
        element,
        series.map((one) => ({ ...one, color: color(one.color) })),
        { ink: color("ink-faint"), grid: color("line") },
        { locale, height, format: (value) => formatNow.current(value) },
      ),
      dataOf(times, series),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, locale, theme, height]);

  useEffect(() => {
    plot.current?.setData(dataOf(times, series));
  }, [times, series]);

  return <div ref={frame} aria-hidden="true" className="chart min-w-0" style={{ minHeight: height }} />;
}

function dataOf(times: readonly number[], series: readonly Series[]): UPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])] as UPlot.AlignedData;
}

function options(
  element: HTMLElement,
  series: readonly Series[],
  colors: { ink: string; grid: string },
  { locale, height, format }: { locale: string; height: number; format(value: number): string },
): UPlot.Options {
  const time = (seconds: number, step: number) =>
    new Intl.DateTimeFormat(
      locale,
      step >= 86_400
        ? { month: "short", day: "numeric" }
        : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    ).format(seconds * 1_000);
  const axis = {
    stroke: colors.ink,
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    padding: [10, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    hooks: { setCursor: [(made) => showTip(made, series, format, locale)] },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.08)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        size: 26,
        values: (_, splits, __, ___, step) => splits.map((one) => time(one, step)),
      },
      {
        ...axis,
        grid: { stroke: colors.grid, width: 1 },
        space: 36,
        size: (_, values) => 14 + Math.max(0, ...(values ?? []).map((value) => value.length)) * 6.5,
        values: (_, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...series.map(({ color, fill }) => ({
        stroke: color,
        width: 1.75,
        ...(fill && { fill: `color-mix(in srgb, ${color} 14%, transparent)` }),
        points: {
          show: true,
          size: 4,
          fill: color,
          filter: (made: UPlot, at: number) => alone(made.data[at] ?? []),
        },
        spanGaps: false,
      })),
    ],
  };
}

/** Indexes of values between gaps, which cannot form a line. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  const known = (at: number) => values[at] !== null && values[at] !== undefined;
  return Array.from(values, (_, at) => at).filter((at) => known(at) && !known(at - 1) && !known(at + 1));
}

/** Shows the values at the cursor. */
function showTip(
  plot: UPlot,
  series: readonly Series[],
  format: (value: number) => string,
  locale: string,
): void {
  const old = plot.over.querySelector<HTMLElement>(".chart-tip");
  const { idx, left = -1 } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) {
    old?.remove();
    return;
  }
  const tip = old ?? document.createElement("div");
  tip.className = "chart-tip";
  const when = new Date(plot.data[0][idx]! * 1_000);
  const head = document.createElement("p");
  head.textContent = new Intl.DateTimeFormat(locale, {
    ...{ weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  }).format(when);
  const lines = series.map(({ name, color }, at) => {
    const line = document.createElement("p");
    const mark = document.createElement("i");
    mark.style.background = color;
    const value = plot.data[at + 1]?.[idx];
    line.append(mark, `${name} `, value === null || value === undefined ? "–" : format(value));
    return line;
  });
  tip.replaceChildren(head, ...lines);
  if (!old) plot.over.append(tip);
  const isRight = left > plot.over.clientWidth / 2;
  tip.style.left = isRight ? "auto" : `${left + 12}px`;
  tip.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : "auto";
}
