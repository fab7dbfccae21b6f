import type { Markish, PlotOptions } from "@observablehq/plot";
import { type Color, color } from "./document.ts";
import type { Plotter } from "./plotter.ts";

/** Position of a panel among the small multiples. */
export interface Place {
  fx: number;
  fy: number;
}

const COLUMNS = 4;
const WIDTH = 960;
const ROW_HEIGHT = 190;
/** More points per curve make no visible difference. */
const MOST_POINTS = 400;

/** Small multiples: one panel per name, in rows of four, all with the same scales. */
export function smallMultiples(
  { plot, draw }: Plotter,
  names: readonly string[],
  options: Omit<PlotOptions, "marks" | "fx" | "fy" | "facet"> & {
    marks(place: (name: string) => Place): Markish[];
  },
): string {
  const places = new Map(
    names.map((name, n) => [name, { fx: n % COLUMNS, fy: Math.floor(n / COLUMNS) }] as const),
  );
  const rows = Math.ceil(names.length / COLUMNS);
  const columns = Math.min(COLUMNS, names.length);
  const { marks, ...rest } = options;
  return draw({
    width: Math.max(420, (WIDTH * columns) / COLUMNS),
    height: 60 + rows * ROW_HEIGHT,
    marginTop: 40,
    marginLeft: 56,
    marginBottom: 40,
    grid: true,
    ...rest,
    // In the corner, the label would overlap the title of the first panel.
    y: { labelAnchor: "center", ...rest.y },
    fx: { axis: null, domain: [...Array(columns).keys()] },
    fy: { axis: null, domain: [...Array(rows).keys()], padding: rows > 1 ? 0.25 : 0 },
    marks: [
      plot.frame({ stroke: color("line") }),
      ...marks((name) => places.get(name)!),
      plot.text(names, { ...above(places, -28), text: titleOf, fill: color("ink"), fontWeight: "600" }),
      plot.text(names, { ...above(places, -14), text: subtitleOf, fill: color("soft") }),
    ],
  });
}

function above(places: ReadonlyMap<string, Place>, dy: number) {
  const fx = (name: string) => places.get(name)!.fx;
  const fy = (name: string) => places.get(name)!.fy;
  return { fx, fy, frameAnchor: "top-left", dx: 2, dy, fontSize: 11 } as const;
}

/** Drops the variant in parentheses, which is too long for a panel's title. */
function titleOf(name: string): string {
  return name.replace(/ \(.*/, "");
}

function subtitleOf(name: string): string {
  return /\((.*)\)$/.exec(name)?.[1] ?? "";
}

/** Colors for 1, 2, and more workers. */
export function workerColor(workers: number): Color {
  return workers <= 1 ? "one" : workers <= 2 ? "two" : "four";
}

export interface Point {
  x: number;
  y: number;
}

/**
 * Fraction of all requests whose value is at most x. Failures have no value, so with failures the curve stays below 1.
 * @param all total number of requests
 */
export function cumulative(values: readonly number[], all: number): Point[] {
  const sorted = Float64Array.from(values).sort();
  const every = Math.max(1, Math.ceil(sorted.length / MOST_POINTS));
  const points: Point[] = [];
  for (let n = 0; n < sorted.length; n++)
    if (n % every === 0 || n === sorted.length - 1) points.push({ x: sorted[n]!, y: (n + 1) / all });
  return points;
}

/** Every n-th point, and the last one. */
export function thinned<T>(points: readonly T[]): T[] {
  const every = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  return points.filter((_, n) => n % every === 0 || n === points.length - 1);
}

/** Tick label for a logarithmic axis in milliseconds. */
export function timeTick(ms: number): string {
  return ms >= 1_000 ? `${ms / 1_000} s` : `${ms} ms`;
}
