import { kneesOf, offeredFigure, scalingFigure, scalingOf } from "./capacity-figures.ts";
import { cellTable } from "./cell-table.ts";
import { originalTable } from "./comparison.ts";
import type { Block, Report } from "./document.ts";
import { answerOf, focusOf } from "./findings.ts";
import { type Group, groupsOf, seriesOf } from "./groups.ts";
import { successFigure, totalFigure, usersFigure } from "./outcome-figures.ts";
import { partsFigure } from "./parts-figure.ts";
import type { Plotter } from "./plotter.ts";
import { processTable } from "./process-table.ts";
import type { Study } from "./read-records.ts";
import { idleFigure, queueFigure } from "./system-figures.ts";
import { threatsOf } from "./threats.ts";
import { counted, list, number, percent, range } from "./words.ts";

/** Report of a study. Every number is computed from the records. */
export function studyReport(study: Study, plotter: Plotter): Report {
  const groups = groupsOf(study.cells);
  const focus = focusOf(groups);
  const blocks: Block[] = [
    { kind: "lead", sentences: answerOf(focus) },
    { kind: "heading", text: "What was asked" },
    ...question(focus),
    ...(focus.length > 0 ? [successFigure(plotter, focus)] : []),
    { kind: "heading", text: "Beside what was published" },
    originalTable(groups, focus),
    { kind: "heading", text: "How long, and who waits" },
    ...(focus.length > 0 ? [totalFigure(plotter, focus)] : []),
    ...present(partsFigure(plotter, withMiddleWorkers(focus))),
    ...present(queueFigure(plotter, focus)),
    ...present(idleFigure(plotter, focus)),
    ...present(usersFigure(plotter, sameWorkload(groups, focus))),
    ...capacity(groups, plotter),
    { kind: "heading", text: "How it was measured" },
    ...method(study, groups),
    { kind: "heading", text: "Threats to validity" },
    { kind: "list", items: threatsOf(study, groups, focus) },
    { kind: "heading", text: "Every cell" },
    ...[...Map.groupBy(groups, ({ cell }) => cell.workload)].map(([workload, own]) =>
      cellTable(workload, own),
    ),
    ...present(processTable(focus)),
  ];
  return { title: "Seven architectures, one workload", blocks };
}

function question(focus: readonly Group[]): Block[] {
  const first = focus[0]?.cell;
  if (!first) return [];
  const series = [...new Set(focus.map(({ cell }) => seriesOf(cell)))];
  const asked =
    `The same work, \`${first.workload}\`, behind ${series.length} architectures: ${list(series)}. ${first.users} users ask at ` +
    `the same moment; each then polls until the result is there. A result counts within ${number(first.deadlineMs / 1_000)} s. ` +
    "Does the choice of the queue decide who gets one, or the number of workers?";
  return [{ kind: "paragraph", text: asked }];
}

function capacity(groups: readonly Group[], plotter: Plotter): Block[] {
  const closed = groups.filter(({ cell }) => cell.loop === "closed" && cell.architecture !== null);
  const open = groups.filter(({ cell }) => cell.loop === "open" && cell.architecture !== null);
  const scalings = scalingOf(closed.length > 0 ? closed : groups.filter(({ cell }) => cell.loop === "poll"));
  const fits = scalings.flatMap(({ workload, fit }) =>
    fit
      ? [
          `\`${workload}\`: ${number(fit.rate)}/s with one worker, contention ${percent(fit.contention)}, coherence ` +
            `${percent(fit.coherence)}; the fit explains ${percent(fit.r2)} of the variance.`,
        ]
      : [],
  );
  const byWorkload = [...Map.groupBy(open, ({ cell }) => cell.workload).values()];
  if (scalings.length === 0 && open.length === 0) return [];
  return [
    { kind: "heading", text: "Capacity" },
    ...(scalings.length > 0 ? [scalingFigure(plotter, scalings)] : []),
    ...(fits.length > 0 ? [{ kind: "list", items: fits } as const] : []),
    ...byWorkload.flatMap((own): Block[] => {
      const figure = offeredFigure(plotter, own);
      const knees = kneesOf(own).map(({ series, knee }) =>
        knee === null ? `${series}: kept up with none of the rates` : `${series}: ${number(knee)}/s`,
      );
      const name = byWorkload.length > 1 ? `offered-${own[0]!.cell.workload}` : figure.name;
      return [
        { ...figure, name },
        { kind: "paragraph", text: `The knee, by architecture: ${knees.join("; ")}.` },
      ];
    }),
  ];
}

function method({ runs, cells }: Study, groups: readonly Group[]): Block[] {
  const run = runs.at(-1);
  const requests = cells.reduce((sum, cell) => sum + cell.requests.length, 0);
  const rounds = groups.map((group) => group.rounds.length);
  const blocks: Block[] = [
    {
      kind: "paragraph",
      text:
        `${counted(cells.length, "cell")} with ${counted(requests, "request")} in all, ${range(rounds)} rounds of each, ` +
        "in rotated order. Figures are medians of rounds, with the least and the " +
        "greatest. At once: as many requests as users, as in the original. Closed: each user asks again once answered. " +
        "Open: requests come on a schedule of their own, and their time counts from when they were due.",
    },
  ];
  if (!run) return blocks;
  const { machine, versions, commit, seed, at } = run;
  const rows = [
    ["measured", at.slice(0, 10)],
    ["commit", commit ?? "an installed package"],
    [
      "machine",
      `${machine.cores} cores (${machine.processor}), ${number(machine.memoryMiB)} MiB, ${machine.system}`,
    ],
    ["seed", String(seed)],
    ...Object.entries(versions),
  ];
  blocks.push({
    kind: "table",
    caption: "Conditions of the last run",
    columns: [{ head: "" }, { head: "" }],
    rows,
  });
  return blocks;
}

/** One group per architecture, because curves for several numbers of workers would overlap. */
function withMiddleWorkers(focus: readonly Group[]): Group[] {
  const counts = [...new Set(focus.map(({ cell }) => cell.workers))].sort((a, b) => a - b);
  const middle = counts[counts.length >> 1];
  return [...Map.groupBy(focus, ({ cell }) => seriesOf(cell)).values()].map(
    (own) => own.find(({ cell }) => cell.workers === middle) ?? own[0]!,
  );
}

function sameWorkload(groups: readonly Group[], focus: readonly Group[]): Group[] {
  return groups.filter(({ cell }) => cell.loop === "poll" && cell.workload === focus[0]?.cell.workload);
}

function present<T>(block: T | null): T[] {
  return block === null ? [] : [block];
}
