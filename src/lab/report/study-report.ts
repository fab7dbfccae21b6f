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
import { outcomeTerms, studyTerms, timeTerms } from "./terms.ts";
import { threatsOf } from "./threats.ts";
import { counted, list, number, percent, range } from "./words.ts";

/** Report of a study. Every number is computed from the records. */
export function studyReport(study: Study, plotter: Plotter): Report {
  const groups = groupsOf(study.cells);
  const focus = focusOf(groups);
  const blocks: Block[] = [
    { kind: "lead", sentences: answerOf(focus, study.runs[0]?.machine.cores) },
    { kind: "heading", text: "The question" },
    ...question(focus),
    ...(focus.length > 0 ? [successFigure(plotter, focus)] : []),
    { kind: "heading", text: "Compared with the published results" },
    originalTable(groups, focus),
    { kind: "heading", text: "Response times and waiting" },
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
    { kind: "heading", text: "All cells" },
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
    `The same work, \`${first.workload}\`, ran behind ${counted(series.length, "architecture")}, counting variants: ` +
    `${list(series)}. At the same moment, ${counted(first.users, "user")} sent one request each. Behind a queue, users ` +
    "polled for the result; without one, they waited for the response. A result counts if it is ready within " +
    `${number(first.deadlineMs / 1_000)} s. What decides how many users get a result: the choice of queue, or the number ` +
    "of workers?";
  return [{ kind: "paragraph", text: asked }];
}

function capacity(groups: readonly Group[], plotter: Plotter): Block[] {
  const closed = groups.filter(({ cell }) => cell.loop === "closed" && cell.architecture !== null);
  const open = groups.filter(({ cell }) => cell.loop === "open" && cell.architecture !== null);
  const scalings = scalingOf(closed.length > 0 ? closed : groups.filter(({ cell }) => cell.loop === "poll"));
  const fits = scalings.flatMap(({ workload, fit }) =>
    fit
      ? [
          `\`${workload}\`: ${number(fit.rate)} results/s with one worker. Contention, the share of the work that is ` +
            `serialized: ${percent(fit.contention)}. Coherence, the cost of coordination between workers: ` +
            `${percent(fit.coherence)}. The fit explains ${percent(fit.r2)} of the variance.`,
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
        knee === null ? `${series}: kept up with no rate` : `${series}: ${number(knee)} requests/s`,
      );
      const name = byWorkload.length > 1 ? `offered-${own[0]!.cell.workload}` : figure.name;
      return [
        { ...figure, name },
        { kind: "paragraph", text: `The knee of each architecture: ${knees.join("; ")}.` },
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
        `The figures come from ${counted(requests, "request")} in ${counted(groups.length, "cell")}. Rounds per cell: ` +
        `${range(rounds)}. Each round starts with another architecture. Figures are medians of the rounds, with the ` +
        "minimum and maximum in parentheses where rounds differ. The clock of a request starts when the request is due, " +
        "even if it is sent late.",
    },
    { kind: "paragraph", text: "How a request ends; anything but `ok` is a failure:" },
    { kind: "list", items: [...outcomeTerms] },
    { kind: "paragraph", text: "The parts of its time:" },
    { kind: "list", items: [...timeTerms] },
    { kind: "paragraph", text: "Other terms:" },
    { kind: "list", items: [...studyTerms] },
  ];
  if (!run) return blocks;
  const { machine, versions, commit, seed, at } = run;
  const rows = [
    ["date", at.slice(0, 10)],
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
