import { type Distribution, distribution, type Figures, figuresOf, timesOf } from "../figures.ts";
import { type Architecture, architectures, type CellRecord } from "../records.ts";
import { median } from "../statistics.ts";
import type { MeasuredCell } from "./read-records.ts";

/** Rounds of the same cell. */
export interface Group {
  /** Cell of the first round. The others differ only in `round`. */
  cell: CellRecord;
  rounds: Round[];
}

export interface Round extends MeasuredCell {
  figures: Figures;
  idleTimes: Distribution | null;
  /** Fraction of time in which workers were busy. `null` if the services do not report times. */
  utilization: number | null;
  /** Sum over all processes of the cell. */
  peakMiB: number | null;
  cpuSeconds: number | null;
}

/** Median, minimum and maximum over rounds. */
export interface Spread {
  median: number;
  least: number;
  greatest: number;
}

export const titles: Record<Architecture, string> = {
  V0: "synchronous",
  V1: "thread pool",
  V2: "HTTP round robin",
  V3: "PostgreSQL",
  V4: "Redis Streams",
  V5: "RabbitMQ",
  V6: "Kafka",
};

/** Architectures with a durable queue. */
export const queued: readonly Architecture[] = ["V3", "V4", "V5", "V6"];

export function groupsOf(cells: readonly MeasuredCell[]): Group[] {
  const byKey = Map.groupBy(cells, ({ cell }) => keyOf(cell));
  const groups = [...byKey.values()].map((rounds) => ({
    cell: rounds[0]!.cell,
    rounds: rounds.map(roundOf),
  }));
  return groups.sort((a, b) => compare(a.cell, b.cell));
}

/** For example, `V1 thread pool (pool 10, queue 25)`. */
export function seriesOf({ architecture, variant }: Pick<CellRecord, "architecture" | "variant">): string {
  const name = architecture === null ? "service" : `${architecture} ${titles[architecture]}`;
  return variant === null ? name : `${name} (${variant})`;
}

/** Spread of a figure over the rounds that have it. `null` if none has. */
export function spreadOf(group: Group, figure: (round: Round) => number | null | undefined): Spread | null {
  const values = group.rounds.flatMap((round) => figure(round) ?? []).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return null;
  return { median: median(values), least: Math.min(...values), greatest: Math.max(...values) };
}

/** Requests of all rounds. */
export function pooled(group: Group): MeasuredCell["requests"] {
  return group.rounds.flatMap(({ requests }) => requests);
}

/** Deadlines and rates depend on calibration, which a resumed run repeats, so they are compared to about a tenth. */
function keyOf(cell: CellRecord): string {
  const { architecture, variant, workload, workers, users, loop, profile, ratePerSecond } = cell;
  const rate = ratePerSecond === null ? null : Math.round(Math.log(ratePerSecond) / Math.log(1.12));
  return JSON.stringify([architecture, variant, workload, workers, users, loop, profile, rate]);
}

function compare(a: CellRecord, b: CellRecord): number {
  const order = ({ architecture }: CellRecord) =>
    architecture === null ? -1 : architectures.indexOf(architecture);
  return (
    a.workload.localeCompare(b.workload) ||
    order(a) - order(b) ||
    (a.variant ?? "").localeCompare(b.variant ?? "") ||
    a.users - b.users ||
    a.workers - b.workers
  );
}

function roundOf(measured: MeasuredCell): Round {
  const { requests, idle, samples, cell } = measured;
  const figures = figuresOf(requests);
  const service = timesOf(requests, "service").reduce((sum, ms) => sum + ms, 0);
  const available = cell.workers * figures.seconds * 1_000;
  return {
    ...measured,
    figures,
    idleTimes: distribution(idle.filter(({ ok }) => ok).map(({ ms }) => ms)),
    utilization: service > 0 && available > 0 ? service / available : null,
    ...resourcesOf(samples),
  };
}

/** CPU time since each process's first sample, to exclude what it used before the cell. */
function resourcesOf(samples: MeasuredCell["samples"]): Pick<Round, "peakMiB" | "cpuSeconds"> {
  const told = samples.filter(({ processes }) => processes.length > 0);
  if (told.length === 0) return { peakMiB: null, cpuSeconds: null };
  const used = new Map<number, { first: number; last: number }>();
  let peakMiB = 0;
  for (const { processes } of told) {
    peakMiB = Math.max(
      peakMiB,
      processes.reduce((sum, { rssMiB }) => sum + rssMiB, 0),
    );
    for (const { pid, cpuMs } of processes)
      used.set(pid, { first: used.get(pid)?.first ?? cpuMs, last: cpuMs });
  }
  const cpuMs = [...used.values()].reduce((sum, { first, last }) => sum + last - first, 0);
  return { peakMiB, cpuSeconds: cpuMs / 1_000 };
}
