import type { Measurement } from "../load/load-test.ts";
import { percentile } from "../statistics.ts";
import { color, type Figure } from "./document.ts";
import { timeTick } from "./panels.ts";
import type { Plotter } from "./plotter.ts";

const BINS = 60;
const LEAST_BIN_MS = 1_000;

interface Bin {
  /** Middle of the bin, in seconds since the start. */
  x: number;
  due: number;
  ok: number;
  failed: number;
  /** Of results that were due in the bin. Absent if there are none. */
  p50?: number | undefined;
  p95?: number | undefined;
  idle?: number | undefined;
}

/** Offered and completed requests per second over time. */
export function rateFigure({ plot, draw }: Plotter, measured: Measurement): Figure {
  const bins = binsOf(measured);
  const line = (y: "due" | "ok" | "failed", stroke: string, dashed = false) =>
    plot.line(bins, { x: "x", y, stroke, strokeWidth: 1.8, ...(dashed && { strokeDasharray: "5 4" }) });
  const svg = draw({
    height: 260,
    marginLeft: 48,
    grid: true,
    x: { label: "seconds since the start" },
    y: { label: "requests/s", zero: true },
    marks: [
      plot.frame({ stroke: color("line") }),
      line("due", color("soft"), true),
      line("ok", color("two")),
      line("failed", color("bad")),
    ],
  });
  return {
    kind: "figure",
    name: "rate",
    title: "Load and outcomes over time",
    caption:
      "Requests per second: `due` by when they were due, `ok` and `failed` by when their outcome was known.",
    svg,
    legend: [
      { color: "soft", text: "due", mark: "dashed" },
      { color: "two", text: "ok", mark: "line" },
      { color: "bad", text: "failed", mark: "line" },
    ],
  };
}

/** Total time by due time. */
export function latencyFigure({ plot, draw }: Plotter, measured: Measurement): Figure {
  const bins = binsOf(measured);
  const of = (y: "p50" | "p95" | "idle") => bins.filter((bin) => bin[y] !== undefined);
  const svg = draw({
    height: 260,
    marginLeft: 60,
    grid: true,
    x: { label: "seconds since the start" },
    y: { type: "log", label: null, ticks: 6, tickFormat: timeTick },
    marks: [
      plot.frame({ stroke: color("line") }),
      plot.line(of("p95"), { x: "x", y: "p95", stroke: color("four"), strokeWidth: 1.8 }),
      plot.line(of("p50"), { x: "x", y: "p50", stroke: color("two"), strokeWidth: 1.8 }),
      plot.line(of("idle"), { x: "x", y: "idle", stroke: color("accent"), strokeDasharray: "5 4" }),
    ],
  });
  return {
    kind: "figure",
    name: "latency",
    title: "Response times over time",
    caption:
      "The total time of requests that ended as `ok`, by when they were due, and the p95 of an endpoint that does nothing. " +
      "The time axis on the left is logarithmic.",
    svg,
    legend: [
      { color: "four", text: "p95", mark: "line" },
      { color: "two", text: "p50", mark: "line" },
      { color: "accent", text: "idle endpoint, p95", mark: "dashed" },
    ],
  };
}

function binsOf({ requests, idle }: Measurement): Bin[] {
  const last = requests.reduce((most, { seenMs }) => Math.max(most, seenMs), 0);
  const width = Math.max(LEAST_BIN_MS, last / BINS);
  const count = Math.ceil((last + 1) / width);
  const at = (ms: number) => Math.min(count - 1, Math.max(0, Math.floor(ms / width)));
  const bins = Array.from({ length: count }, () => ({
    due: 0,
    ok: 0,
    failed: 0,
    totals: [] as number[],
    idle: [] as number[],
  }));
  for (const { dueMs, seenMs, outcome } of requests) {
    bins[at(dueMs)]!.due++;
    bins[at(seenMs)]![outcome === "ok" ? "ok" : "failed"]++;
    if (outcome === "ok") bins[at(dueMs)]!.totals.push(seenMs - dueMs);
  }
  for (const { atMs, ms, ok } of idle) if (ok) bins[at(atMs)]!.idle.push(ms);
  const rate = 1_000 / width;
  const value = (values: number[], p: number) =>
    values.length === 0 ? undefined : Math.max(0.01, percentile(values, p));
  return bins.map(({ due, ok, failed, totals, idle: times }, n) => ({
    x: ((n + 0.5) * width) / 1_000,
    due: due * rate,
    ok: ok * rate,
    failed: failed * rate,
    p50: value(totals, 0.5),
    p95: value(totals, 0.95),
    idle: value(times, 0.95),
  }));
}
