import { timesOf } from "../figures.ts";
import { type Color, color, type Figure } from "./document.ts";
import { type Group, pooled, seriesOf } from "./groups.ts";
import { cumulative, smallMultiples, timeTick } from "./panels.ts";
import type { Plotter } from "./plotter.ts";

const parts = [
  { name: "accept", hue: "accent" },
  { name: "wait", hue: "warn" },
  { name: "service", hue: "two" },
  { name: "total", hue: "ink" },
] as const;

/** Smaller values are meaningless on a logarithmic axis. */
const LEAST_MS = 0.1;

interface Point {
  series: string;
  x: number;
  y: number;
  line: string;
  hue: Color;
}

/** Distribution of each part of the time. `null` if no request has any. */
export function partsFigure(plotter: Plotter, groups: readonly Group[]): Figure | null {
  const { plot, draw } = plotter;
  const points = groups.flatMap(pointsOf);
  if (points.length === 0) return null;
  const known = parts.filter(({ hue }) => points.some((point) => point.hue === hue));
  const names = [...new Set(points.map(({ series }) => series))];
  const line = { x: "x", y: "y", z: "line", curve: "step-after", strokeWidth: 1.8 } as const;
  const stroke = ({ hue }: Point) => color(hue);
  const scales = {
    x: { type: "log", label: null, ticks: names.length > 1 ? 3 : 6, tickFormat: timeTick },
    y: { domain: [0, 100], label: "cumulative % of requests", ticks: 5 },
  } as const;
  const svg =
    names.length > 1
      ? smallMultiples(plotter, names, {
          ...scales,
          marks: (place) => [
            plot.line(points, {
              ...line,
              stroke,
              fx: ({ series }: Point) => place(series).fx,
              fy: ({ series }: Point) => place(series).fy,
            }),
          ],
        })
      : draw({
          ...scales,
          height: 300,
          marginLeft: 48,
          grid: true,
          marks: [plot.frame({ stroke: color("line") }), plot.line(points, { ...line, stroke })],
        });
  const workers = Math.max(...groups.map(({ cell }) => cell.workers));
  return {
    kind: "figure",
    name: "parts",
    title: "Where the time goes",
    caption:
      `${names.length > 1 ? `With ${workers} ${workers === 1 ? "worker" : "workers"} where the number can be chosen. ` : ""}` +
      "Each curve shows the share of requests for which this part took at most so long, of all requests that have this " +
      "part. `accept`: until the `202` response; `wait`: from then until the work began; `service`: from then until it was " +
      "finished; `total`: from when the request was due until its client had the result. The time axis is logarithmic.",
    svg,
    legend: known.map(({ name, hue }) => ({ color: hue, text: name, mark: "line" })),
  };
}

function pointsOf(group: Group): Point[] {
  const requests = pooled(group);
  const series = seriesOf(group.cell);
  return parts.flatMap(({ name, hue }) => {
    const values = timesOf(requests, name);
    return cumulative(values, values.length).map(({ x, y }) => {
      return { series, x: Math.max(LEAST_MS, x), y: y * 100, line: `${series} ${name}`, hue };
    });
  });
}
