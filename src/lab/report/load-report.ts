import { type Distribution, timeNames } from "../figures.ts";
import type { Measurement } from "../load/load-test.ts";
import type { LoadSummary } from "../load/summary.ts";
import { reachedText } from "../load/text.ts";
import { outcomes } from "../records.ts";
import type { Block, Report } from "./document.ts";
import { groupsOf } from "./groups.ts";
import { toHtml } from "./html.ts";
import { latencyFigure, rateFigure } from "./load-figures.ts";
import { partsFigure } from "./parts-figure.ts";
import { loadPlotter, type Plotter } from "./plotter.ts";
import { counted, ms, number, percent } from "./words.ts";

/** Loads the renderer for a load test's HTML report. Rejects with installation instructions if a package is missing. */
export async function loadReport(): Promise<(summary: LoadSummary, measured: Measurement) => string> {
  const plotter = await loadPlotter();
  return (summary, measured) => toHtml(reportOf(summary, measured, plotter));
}

function reportOf(summary: LoadSummary, measured: Measurement, plotter: Plotter): Report {
  const { cell, figures, thresholds, notes, reasons } = summary;
  const end = { type: "end" as const, cell: cell.cell, atMs: 0, checks: [] };
  const [group] = groupsOf([{ ...measured, samples: [], end }]);
  const hasRequests = measured.requests.length > 0;
  const parts = partsFigure(plotter, [group!]);
  const blocks: Block[] = [
    { kind: "lead", sentences: leadOf(summary) },
    ...(thresholds.length > 0 ? [thresholdTable(summary)] : []),
    ...(hasRequests ? [rateFigure(plotter, measured), latencyFigure(plotter, measured)] : []),
    ...(parts ? [parts] : []),
    { kind: "heading", text: "Times" },
    timesTable(summary),
    { kind: "heading", text: "How requests ended" },
    {
      kind: "table",
      caption: "By outcome",
      columns: [{ head: "outcome" }, { head: "requests", number: true }, { head: "share", number: true }],
      rows: outcomes.map((name) => [
        name,
        number(figures.outcomes[name]),
        figures.requests === 0 ? "–" : percent(figures.outcomes[name] / figures.requests),
      ]),
    },
    ...(reasons.length > 0
      ? [{ kind: "list" as const, items: reasons.map(({ count, text }) => `${count} × ${text}`) }]
      : []),
    { kind: "heading", text: "What to keep in mind" },
    { kind: "list", items: [...notes, ...conditions(summary)] },
  ];
  return { title: `Load test: ${cell.profile} of ${cell.workload}`, blocks };
}

function leadOf({ cell, figures, idle, thresholds }: LoadSummary): string[] {
  const { accept, total } = figures.times;
  const broken = thresholds.filter(({ holds }) => !holds).length;
  return [
    `${figures.outcomes.ok} of ${counted(figures.requests, "request")} had their result within ${ms(cell.deadlineMs)}: ` +
      `${number(figures.offeredPerSecond)}/s came, ${number(figures.okPerSecond)}/s were done.`,
    `${accept ? `A request was accepted within ${ms(accept.p95)} (p95)` : "No request was accepted"}` +
      `${total ? `, and its result was there within ${ms(total.p95)}` : ""}` +
      `${idle ? `; an endpoint that does nothing answered within ${ms(idle.p95)}` : ""}.`,
    ...(thresholds.length > 0
      ? [
          broken === 0
            ? "Every threshold holds."
            : `${broken} of ${counted(thresholds.length, "threshold")} do not hold.`,
        ]
      : []),
  ];
}

function thresholdTable({ thresholds }: LoadSummary): Block {
  return {
    kind: "table",
    caption: "Thresholds",
    columns: [{ head: "" }, { head: "threshold" }, { head: "reached", number: true }],
    rows: thresholds.map(({ holds, threshold, reached }) => [
      holds ? "✓" : "✗",
      threshold,
      reachedText(threshold, reached),
    ]),
  };
}

function timesTable({ figures, idle }: LoadSummary): Block {
  const names = ["mean", "min", "p50", "p90", "p95", "p99", "max"] as const;
  const row = (name: string, found: Distribution | null) => [
    name,
    number(found?.count ?? 0),
    ...names.map((one) => (found ? ms(found[one]) : "–")),
  ];
  return {
    kind: "table",
    caption: "From when a request was due; `wait` and `service` as the server says",
    columns: [{ head: "" }, ...["count", ...names].map((head) => ({ head, number: true as const }))],
    rows: [...timeNames.map((name) => row(name, figures.times[name])), row("idle endpoint", idle)],
  };
}

function conditions({ run: { machine, versions, commit, seed, at }, cell }: LoadSummary): string[] {
  const loop =
    cell.loop === "open"
      ? "Open loop: requests came on a schedule of their own, whether earlier ones were answered or not."
      : "Closed loop: each user asked again once it was answered.";
  return [
    loop,
    `Load from ${counted(machine.cores, "core")} (${machine.processor}), ${machine.system}, Node ${versions.node}, Millrace ` +
      `${versions.millrace}${commit === null ? "" : ` at ${commit}`}, ${at.slice(0, 16).replace("T", " ")} UTC, seed ${seed}.`,
  ];
}
