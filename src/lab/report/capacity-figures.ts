import { fitUsl, uslThroughput } from "../checks/usl.ts";
import type { RequestRecord } from "../records.ts";
import { median } from "../statistics.ts";
import { color, type Figure } from "./document.ts";
import { type Group, queued, seriesOf, spreadOf } from "./groups.ts";
import { seriesNames } from "./outcome-figures.ts";
import { smallMultiples } from "./panels.ts";
import type { Plotter } from "./plotter.ts";

export interface Scaling {
  workload: string;
  /** Fit of the universal scalability law over all queues. `null` for fewer than two numbers of workers. */
  fit: ReturnType<typeof fitUsl>;
  points: { series: string; isQueued: boolean; workers: number; perSecond: number }[];
}

/** Throughput by number of workers, from closed loops if there are any, or else from the original's profile. */
export function scalingOf(groups: readonly Group[]): Scaling[] {
  return [...Map.groupBy(groups, ({ cell }) => cell.workload)].flatMap(([workload, ofWorkload]) => {
    const users = Math.max(...ofWorkload.map(({ cell }) => cell.users));
    const used = ofWorkload.filter(({ cell }) => cell.users === users);
    const points = used.flatMap((group) => {
      const { architecture, workers } = group.cell;
      const perSecond = spreadOf(group, (round) => donePerSecond(round.requests))?.median;
      if (perSecond === undefined || architecture === null) return [];
      return [{ series: seriesOf(group.cell), isQueued: queued.includes(architecture), workers, perSecond }];
    });
    const fit = fitUsl(points.filter(({ isQueued }) => isQueued));
    return points.length === 0 ? [] : [{ workload, fit, points }];
  });
}

/** Speedup by number of workers, for each workload. */
export function scalingFigure(plotter: Plotter, scalings: readonly Scaling[]): Figure {
  const { plot } = plotter;
  // Each panel is scaled to its workload: one worker of the fit, or the slowest point, is 1.
  const unit = new Map(
    scalings.map(({ workload, fit, points }) => {
      return [workload, fit?.rate ?? Math.min(...points.map(({ perSecond }) => perSecond))];
    }),
  );
  const points = scalings.flatMap(({ workload, points: own }) =>
    own.map((point) => ({ ...point, workload, y: point.perSecond / unit.get(workload)! })),
  );
  const most = Math.max(...points.map(({ workers }) => workers));
  const steps = Array.from({ length: 40 }, (_, n) => 1 + ((most - 1) * n) / 39);
  const fits = scalings.flatMap(({ workload, fit }) =>
    fit ? steps.map((x) => ({ workload, x, y: uslThroughput(fit, x) / fit.rate })) : [],
  );
  const ideal = scalings.flatMap(({ workload }) => [1, most].map((x) => ({ workload, x, y: x })));
  const svg = smallMultiples(
    plotter,
    scalings.map(({ workload }) => workload),
    {
      x: { domain: [0.8, most + 0.2], label: "workers", ticks: most, tickFormat: "d" },
      y: {
        label: "throughput, × one worker",
        domain: [0, Math.max(most, ...points.map(({ y }) => y)) * 1.05],
      },
      marks(place) {
        const at = {
          fx: ({ workload }: { workload: string }) => place(workload).fx,
          fy: ({ workload }: { workload: string }) => place(workload).fy,
        };
        return [
          plot.line(ideal, { x: "x", y: "y", z: "workload", ...at, stroke: color("line"), strokeWidth: 1.5 }),
          plot.line(fits, {
            x: "x",
            y: "y",
            z: "workload",
            ...at,
            stroke: color("two"),
            strokeDasharray: "5 4",
          }),
          plot.dot(points, {
            x: "workers",
            y: "y",
            ...at,
            r: 4,
            fill: ({ isQueued }: { isQueued: boolean }) => color(isQueued ? "four" : "warn"),
            stroke: color("canvas"),
          }),
        ];
      },
    },
  );
  return {
    kind: "figure",
    name: "scaling",
    title: "Throughput by number of workers",
    caption:
      "Results per second, relative to one worker on the fitted curve or, without a fit, to the slowest measurement. " +
      "Straight line: twice the throughput for twice the workers. Dashed: the universal scalability law, fitted to all " +
      "measurements behind a queue. A fit needs two numbers of workers.",
    svg,
    legend: [
      { color: "four", text: "with a queue", mark: "dot" },
      { color: "warn", text: "without a queue", mark: "dot" },
      { color: "two", text: "fit", mark: "dashed" },
    ],
  };
}

export interface Offered {
  series: string;
  offered: number;
  done: number;
}

/** Offered and completed requests per second of open loops, over the time in which requests arrived. */
export function offeredOf(groups: readonly Group[]): Offered[] {
  return groups.flatMap((group) =>
    group.rounds.map(({ requests, figures }) => ({
      series: seriesOf(group.cell),
      offered: figures.offeredPerSecond,
      done: donePerSecond(requests),
    })),
  );
}

/** A service keeps up if it completes at least this fraction of the offered load. */
const KEEPS_UP = 0.9;
/** Requests due within this time count as simultaneous. */
const ALL_AT_ONCE_MS = 1_000;

export function kneesOf(groups: readonly Group[]): { series: string; knee: number | null }[] {
  return [...Map.groupBy(groups, ({ cell }) => seriesOf(cell))].map(([series, own]) => ({
    series,
    knee: kneeOf(own),
  }));
}

/** The highest offered rate before the first one with which the service did not keep up. `null` if there is none. */
export function kneeOf(groups: readonly Group[]): number | null {
  let knee: number | null = null;
  const medians = groups.map((group) => {
    const rounds = offeredOf([group]);
    return { offered: median(rounds.map((one) => one.offered)), done: median(rounds.map((one) => one.done)) };
  });
  for (const { offered, done } of medians.toSorted((a, b) => a.offered - b.offered)) {
    if (done < KEEPS_UP * offered) break;
    knee = offered;
  }
  return knee;
}

/** Throughput by offered load, with the knee. */
export function offeredFigure(plotter: Plotter, groups: readonly Group[]): Figure {
  const { plot } = plotter;
  const points = offeredOf(groups);
  const names = seriesNames(groups);
  const knees = kneesOf(groups).filter(({ knee }) => knee !== null);
  const most = Math.max(...points.map(({ offered }) => offered));
  const svg = smallMultiples(plotter, names, {
    x: { domain: [0, most * 1.05], label: "offered, requests/s" },
    y: { domain: [0, most * 1.05], label: "completed, requests/s" },
    marks(place) {
      const at = {
        fx: ({ series }: { series: string }) => place(series).fx,
        fy: ({ series }: { series: string }) => place(series).fy,
      };
      const ideal = names.flatMap((series) => [0, most].map((value) => ({ series, value })));
      return [
        plot.line(ideal, { x: "value", y: "value", z: "series", ...at, stroke: color("line") }),
        plot.ruleX(knees, { x: "knee", ...at, stroke: color("bad"), strokeDasharray: "4 3" }),
        plot.dot(points, { x: "offered", y: "done", ...at, r: 3.5, fill: color("four") }),
      ];
    },
  });
  return {
    kind: "figure",
    name: "offered",
    title: "Throughput by offered load",
    caption:
      `\`${groups[0]!.cell.workload}\`, open loops: results per second while requests arrived. On the diagonal, an ` +
      "architecture keeps up. The dashed line is the knee: the highest rate up to which it completed at least " +
      `${KEEPS_UP * 100}% of the offered load.`,
    svg,
    legend: [
      { color: "four", text: "one round", mark: "dot" },
      { color: "bad", text: "knee", mark: "dashed" },
    ],
  };
}

/**
 * Results per second, in time or not, counted while requests were due. Results lag behind requests by at least the
 * minimum time of one, so the counting window is shifted by that.
 */
export function donePerSecond(requests: readonly RequestRecord[]): number {
  const least = (values: readonly number[]) =>
    values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
  const greatest = (values: readonly number[]) => values.reduce((one, other) => Math.max(one, other), 0);
  const ended = requests.flatMap(({ dueMs, endedMs, seenMs, outcome }) => {
    const atMs = endedMs ?? (outcome === "ok" ? seenMs : null);
    return atMs === null ? [] : [{ dueMs, atMs }];
  });
  if (ended.length === 0) return 0;
  const due = requests.map(({ dueMs }) => dueMs);
  const [first, last] = [least(due), greatest(due)];
  const ends = ended.map(({ atMs }) => atMs);
  // All at once: use the time of the work itself.
  if (last - first < ALL_AT_ONCE_MS) return (ended.length * 1_000) / Math.max(1, greatest(ends) - first);
  const lag = least(ended.map(({ dueMs, atMs }) => atMs - dueMs));
  return (ends.filter((atMs) => atMs <= last + lag).length * 1_000) / (last - first);
}
