import type { SampleRecord } from "../records.ts";
import { color, type Figure } from "./document.ts";
import { type Group, seriesOf, spreadOf } from "./groups.ts";
import { seriesNames, workerLegend } from "./outcome-figures.ts";
import { type Place, smallMultiples, thinned, timeTick, workerColor } from "./panels.ts";
import type { Plotter } from "./plotter.ts";

/** Waiting requests over time, as the system reports them. `null` if nothing was sampled. */
export function queueFigure(plotter: Plotter, groups: readonly Group[]): Figure | null {
  const { plot } = plotter;
  const points = groups.flatMap((group) =>
    group.rounds.flatMap(({ samples, cell }) => {
      const from = samples.some((one) => one.from === "store" && one.ready !== null) ? "store" : "server";
      const told = samples.filter((one) => one.from === from && one.ready !== null);
      return thinned(told).map((sample) => pointOf(group, sample, cell.round));
    }),
  );
  if (points.length === 0) return null;
  const ofBroker = groups.flatMap((group) =>
    group.rounds.flatMap(({ samples, cell }) => {
      const told = samples.filter((one) => one.from === "broker" && one.ready !== null);
      return thinned(told).map((sample) => pointOf(group, sample, cell.round));
    }),
  );
  const { workload, users } = groups[0]!.cell;
  const named = seriesNames(groups).filter((name) => points.some((point) => point.name === name));
  const svg = smallMultiples(plotter, named, {
    x: { label: "seconds since the requests were due" },
    y: { label: "waiting requests" },
    marks: (place) => [
      plot.line(points, {
        x: "x",
        y: "y",
        z: "line",
        ...placed(place),
        stroke: (point: { workers: number }) => color(workerColor(point.workers)),
        strokeOpacity: 0.75,
        curve: "step-after",
      }),
      plot.line(ofBroker, {
        x: "x",
        y: "y",
        z: "line",
        ...placed(place),
        stroke: color("warn"),
        strokeDasharray: "3 3",
        curve: "step-after",
      }),
    ],
  });
  return {
    kind: "figure",
    name: "queue",
    title: "The queue over time",
    caption:
      `\`${workload}\`, ${users} users: requests whose work has not begun, one line per round. Architectures with a queue ` +
      "count them in their records. The others report what their server knows." +
      (ofBroker.length > 0
        ? " Dashed: what the broker reports. Millrace gives it only a window of the waiting requests."
        : ""),
    svg,
    legend: [
      ...workerLegend(groups),
      ...(ofBroker.length > 0 ? [{ color: "warn", text: "in the broker", mark: "dashed" } as const] : []),
    ],
  };
}

/** Response times of the idle endpoint. `null` if it was not called. */
export function idleFigure(plotter: Plotter, groups: readonly Group[]): Figure | null {
  const { plot, draw } = plotter;
  const found = groups.flatMap((group) => {
    const p95 = spreadOf(group, ({ idleTimes }) => idleTimes?.p95);
    const p50 = spreadOf(group, ({ idleTimes }) => idleTimes?.p50);
    return p95 && p50 ? [{ name: seriesOf(group.cell), workers: group.cell.workers, p50, p95 }] : [];
  });
  if (found.length === 0) return null;
  const names = [...new Set(found.map(({ name }) => name))];
  const y = { y: "name" };
  const svg = draw({
    height: 60 + names.length * 34,
    marginLeft: 290,
    grid: true,
    x: { type: "log", label: null, ticks: 6, tickFormat: timeTick },
    y: { domain: names, label: null },
    marks: [
      plot.frame({ stroke: color("line") }),
      plot.link(found, {
        x1: ({ p50 }) => Math.max(0.01, p50.median),
        x2: ({ p95 }) => Math.max(0.01, p95.median),
        y1: "name",
        y2: "name",
        stroke: ({ workers }) => color(workerColor(workers)),
        strokeOpacity: 0.5,
      }),
      plot.dot(found, {
        x: ({ p95 }) => Math.max(0.01, p95.median),
        ...y,
        r: 4.5,
        fill: ({ workers }) => color(workerColor(workers)),
        stroke: color("canvas"),
      }),
    ],
  });
  const { users, workload } = groups[0]!.cell;
  return {
    kind: "figure",
    name: "idle",
    title: "What other users notice",
    caption:
      `How long an endpoint that does nothing takes to answer while ${users} requests of \`${workload}\` are in the system. ` +
      "Each line goes from the median to the p95 (the dot). Medians of the rounds. The time axis is logarithmic.",
    svg,
    legend: workerLegend(groups).map((entry) => ({ ...entry, mark: "dot" })),
  };
}

function pointOf(group: Group, { atMs, ready }: SampleRecord, round: number) {
  const name = seriesOf(group.cell);
  const { workers } = group.cell;
  return { name, workers, line: `${name} ${workers} ${round}`, x: atMs / 1_000, y: ready! };
}

function placed(place: (name: string) => Place) {
  return {
    fx: ({ name }: { name: string }) => place(name).fx,
    fy: ({ name }: { name: string }) => place(name).fy,
  };
}
