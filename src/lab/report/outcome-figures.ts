import { timesOf } from "../figures.ts";
import { color, type Figure } from "./document.ts";
import { type Group, pooled, seriesOf, spreadOf } from "./groups.ts";
import { originalSuccesses } from "./original.ts";
import { cumulative, smallMultiples, workerColor } from "./panels.ts";
import type { Plotter } from "./plotter.ts";

/** Names of the series for one workload under one load, over all architectures and numbers of workers. */
export function seriesNames(groups: readonly Group[]): string[] {
  return [...new Set(groups.map(({ cell }) => seriesOf(cell)))];
}

export function workerLegend(groups: readonly Group[]): Figure["legend"] {
  const counts = [...new Set(groups.map(({ cell }) => cell.workers))].sort((a, b) => a - b);
  return counts.map((workers) => ({
    color: workerColor(workers),
    text: `${workers} ${workers === 1 ? "worker" : "workers"}`,
    mark: "line",
  }));
}

/** Successful requests by number of workers, next to the original's. */
export function successFigure(plotter: Plotter, groups: readonly Group[]): Figure {
  const { plot } = plotter;
  const { workload, users, deadlineMs } = groups[0]!.cell;
  const counts = [...new Set(groups.map(({ cell }) => cell.workers))].sort((a, b) => a - b);
  const rounds = groups.flatMap((group) =>
    group.rounds.map(({ figures }) => ({ group, share: share(figures.outcomes.ok, figures.requests) })),
  );
  const medians = groups.map((group) => {
    const shares = group.rounds.map(({ figures }) => share(figures.outcomes.ok, figures.requests));
    return { group, share: shares.toSorted((a, b) => a - b)[shares.length >> 1]! };
  });
  const original = groups.flatMap((group) => {
    const found = originalSuccesses(group.cell);
    return found === null ? [] : [{ group, share: found * 100 }];
  });
  const svg = smallMultiples(plotter, seriesNames(groups), {
    x: { type: "point", domain: counts, label: "workers", padding: 0.5 },
    y: { domain: [0, 100], label: "% of requests in time", ticks: 5 },
    marks(place) {
      const at = {
        x: ({ group }: { group: Group }) => group.cell.workers,
        y: "share",
        fx: ({ group }: { group: Group }) => place(seriesOf(group.cell)).fx,
        fy: ({ group }: { group: Group }) => place(seriesOf(group.cell)).fy,
      };
      return [
        plot.line(medians, { ...at, stroke: color("two"), strokeWidth: 2 }),
        plot.dot(rounds, { ...at, r: 3, fill: color("four"), fillOpacity: 0.7 }),
        plot.dot(original, { ...at, r: 5.5, stroke: color("bad"), strokeWidth: 1.6 }),
      ];
    },
  });
  return {
    kind: "figure",
    name: "success",
    title: "Who gets a result in time",
    caption:
      `\`${workload}\`: the share of ${users} simultaneous requests whose result was ready within ${deadlineMs / 1_000} s. ` +
      "Each dot is one round, and the line joins the medians." +
      (original.length > 0 ? " Rings show what the original study published for 16 users." : ""),
    svg,
    legend: [
      { color: "four", text: "one round", mark: "dot" },
      { color: "two", text: "median", mark: "line" },
      ...(original.length > 0 ? [{ color: "bad", text: "original", mark: "ring" } as const] : []),
    ],
  };
}

/** Distribution of total time over all requests. */
export function totalFigure(plotter: Plotter, groups: readonly Group[]): Figure {
  const { plot } = plotter;
  const { deadlineMs, users, workload } = groups[0]!.cell;
  const curves = groups.flatMap((group) => {
    const requests = pooled(group);
    const points = cumulative(timesOf(requests, "total"), requests.length);
    if (points.length === 0) return [];
    // From the axis to the first value, and from the last value to the deadline.
    const last = { x: deadlineMs, y: points.at(-1)!.y };
    return [{ x: points[0]!.x, y: 0 }, ...points, ...(points.at(-1)!.x < deadlineMs ? [last] : [])].map(
      (point) => ({
        x: point.x / 1_000,
        y: point.y * 100,
        group,
      }),
    );
  });
  const svg = smallMultiples(plotter, seriesNames(groups), {
    x: { domain: [0, deadlineMs / 1_000], label: "seconds since the request was due" },
    y: { domain: [0, 100], label: "% of all requests", ticks: 5 },
    marks: (place) => [
      plot.line(curves, {
        x: "x",
        y: "y",
        z: ({ group }: { group: Group }) => `${seriesOf(group.cell)} ${group.cell.workers}`,
        fx: ({ group }: { group: Group }) => place(seriesOf(group.cell)).fx,
        fy: ({ group }: { group: Group }) => place(seriesOf(group.cell)).fy,
        stroke: ({ group }: { group: Group }) => color(workerColor(group.cell.workers)),
        curve: "step-after",
        strokeWidth: 1.8,
      }),
    ],
  });
  return {
    kind: "figure",
    name: "total",
    title: "How long users wait",
    caption:
      `\`${workload}\`, ${users} users: the share of all requests whose client had the result after so many seconds, over ` +
      "all rounds. A curve that stays below 100% leaves out the requests that failed. A panel without a curve had no " +
      "result in time.",
    svg,
    legend: workerLegend(groups),
  };
}

/** Success rate by number of simultaneous users. `null` if there is only one number. */
export function usersFigure(plotter: Plotter, groups: readonly Group[]): Figure | null {
  const { plot } = plotter;
  const counts = [...new Set(groups.map(({ cell }) => cell.users))].sort((a, b) => a - b);
  if (counts.length < 2) return null;
  const points = groups.map((group) => {
    const ok = spreadOf(group, ({ figures }) => share(figures.outcomes.ok, figures.requests))!.median;
    return { name: seriesOf(group.cell), workers: group.cell.workers, users: group.cell.users, ok };
  });
  const svg = smallMultiples(plotter, seriesNames(groups), {
    x: { type: "point", domain: counts, label: "users", padding: 0.5 },
    y: { domain: [0, 100], label: "% of requests in time", ticks: 5 },
    marks(place) {
      const at = {
        x: "users",
        y: "ok",
        fx: ({ name }: { name: string }) => place(name).fx,
        fy: ({ name }: { name: string }) => place(name).fy,
      };
      const hue = ({ workers }: { workers: number }) => color(workerColor(workers));
      const line = ({ name, workers }: { name: string; workers: number }) => `${name} ${workers}`;
      return [
        plot.line(points, { ...at, z: line, stroke: hue, strokeWidth: 1.8 }),
        plot.dot(points, { ...at, r: 3, fill: hue }),
      ];
    },
  });
  return {
    kind: "figure",
    name: "users",
    title: "Results in time by number of users",
    caption: `\`${groups[0]!.cell.workload}\`: the share of requests with a result in time, by how many users send one at the same moment. Medians of the rounds.`,
    svg,
    legend: workerLegend(groups),
  };
}

function share(part: number, all: number): number {
  return all === 0 ? 0 : (100 * part) / all;
}
