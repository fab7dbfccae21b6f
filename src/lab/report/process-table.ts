import type { Table } from "./document.ts";
import { type Group, seriesOf } from "./groups.ts";
import type { MeasuredCell } from "./read-records.ts";
import { range } from "./words.ts";

interface Used {
  peakMiB: number;
  cpuSeconds: number;
}

/** Memory and CPU time of all processes, by role. `null` if nothing was sampled. */
export function processTable(groups: readonly Group[]): Table | null {
  const rows = groups.flatMap((group) => {
    const rounds = group.rounds.map(({ samples }) => usedBy(samples));
    const roles = [...new Set(rounds.flatMap((round) => [...round.keys()]))];
    return roles.map((role) => {
      const used = rounds.flatMap((round) => round.get(role) ?? []).flat();
      const count = Math.max(...rounds.map((round) => round.get(role)?.length ?? 0));
      return [
        seriesOf(group.cell),
        String(group.cell.workers),
        count > 1 ? `${role} ×${count}` : role,
        range(used.map(({ peakMiB }) => Math.round(peakMiB))),
        range(used.map(({ cpuSeconds }) => Math.round(cpuSeconds * 10) / 10)),
      ];
    });
  });
  if (rows.length === 0) return null;
  return {
    kind: "table",
    caption: "Processes in the main comparison: peak memory, and CPU time from the first sample to the last",
    columns: [
      { head: "architecture" },
      { head: "workers", number: true },
      { head: "process" },
      { head: "peak MiB", number: true },
      { head: "CPU s", number: true },
    ],
    rows,
    folded: true,
  };
}

function usedBy(samples: MeasuredCell["samples"]): Map<string, Used[]> {
  const all = samples.flatMap(({ processes }) => processes);
  const byPid = [...Map.groupBy(all, ({ pid }) => pid).values()].map((of) => {
    const peakMiB = of.reduce((most, { rssMiB }) => Math.max(most, rssMiB), 0);
    return { role: of[0]!.role, used: { peakMiB, cpuSeconds: (of.at(-1)!.cpuMs - of[0]!.cpuMs) / 1_000 } };
  });
  const byRole = Map.groupBy(byPid, ({ role }) => role);
  return new Map([...byRole].map(([role, of]) => [role, of.map(({ used }) => used)]));
}
