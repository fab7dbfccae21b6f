import type { Distribution } from "../figures.ts";
import type { Outcome } from "../records.ts";
import { donePerSecond } from "./capacity-figures.ts";
import type { Table } from "./document.ts";
import { type Group, type Round, seriesOf, spreadOf } from "./groups.ts";
import { counted, ms, number, percent, spread } from "./words.ts";

/** All cells of a workload: medians of the rounds, with minimum and maximum. */
export function cellTable(workload: string, groups: readonly Group[]): Table {
  const heads = [
    "workers",
    "load, users or rate",
    "ok",
    "refused",
    "timed-out",
    "lost",
    "wrong",
    "error",
    "accept p95",
    "wait p50",
  ];
  const times = [
    "service p50",
    "total p50",
    "total p95",
    "total p99",
    "completed/s",
    "busy",
    "peak MiB",
    "CPU s",
    "rounds",
  ];
  return {
    kind: "table",
    caption: `All cells of \`${workload}\``,
    columns: [
      { head: "architecture" },
      ...[...heads, ...times].map((head) => ({ head, number: true as const })),
      { head: "checks" },
    ],
    rows: groups.map(rowOf),
    folded: true,
  };
}

function rowOf(group: Group): string[] {
  const { cell, rounds } = group;
  const outcome = (name: Outcome) => spread(spreadOf(group, ({ figures }) => figures.outcomes[name]));
  const time = (name: keyof Round["figures"]["times"], part: keyof Distribution) =>
    spread(
      spreadOf(group, ({ figures }) => figures.times[name]?.[part]),
      ms,
    );
  const rate = cell.ratePerSecond === null ? "" : `, ${number(cell.ratePerSecond)} requests/s`;
  return [
    seriesOf(cell),
    String(cell.workers),
    `${cell.loop}${cell.users > 0 ? `, ${counted(cell.users, "user")}` : ""}${rate}`,
    `${outcome("ok")} of ${spread(spreadOf(group, ({ figures }) => figures.requests))}`,
    ...(["refused", "timed-out", "lost", "wrong", "error"] as const).map(outcome),
    time("accept", "p95"),
    time("wait", "p50"),
    time("service", "p50"),
    time("total", "p50"),
    time("total", "p95"),
    time("total", "p99"),
    spread(spreadOf(group, ({ requests }) => donePerSecond(requests))),
    spread(
      spreadOf(group, ({ utilization }) => utilization),
      percent,
    ),
    spread(spreadOf(group, ({ peakMiB }) => peakMiB)),
    spread(spreadOf(group, ({ cpuSeconds }) => cpuSeconds)),
    String(rounds.length),
    checksOf(rounds),
  ];
}

/** `✓`, or the failed checks with the number of rounds. */
function checksOf(rounds: readonly Round[]): string {
  const checks = rounds.flatMap(({ end }) => end.checks);
  if (checks.length === 0) return "";
  const broken = Map.groupBy(
    checks.filter(({ holds }) => !holds),
    ({ name }) => name,
  );
  return broken.size === 0 ? "✓" : [...broken].map(([name, all]) => `✗ ${name} ×${all.length}`).join(", ");
}
