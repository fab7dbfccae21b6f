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
import { outcomeTerms, timeTerms } from "./terms.ts";
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
    { kind: "list", items: [...timeTerms] },
    { kind: "heading", text: "How requests ended" },
    {
      kind: "table",
      caption: "Requests by outcome",
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
    { kind: "list", items: [...outcomeTerms] },
    { kind: "heading", text: "Notes and conditions" },
    { kind: "list", items: [...notes, ...conditions(summary)] },
  ];
  return { title: `Load test: ${cell.profile} of ${cell.workload}`, blocks };
}

function leadOf({ cell, figures, idle, thresholds }: LoadSummary): string[] {
  const { accept, total } = figures.times;
  const broken = thresholds.filter(({ holds }) => !holds).length;
  return [
    `${figures.outcomes.ok} of ${counted(figures.requests, "request")} succeeded within ${ms(cell.deadlineMs)}: ` +
      `${number(figures.offeredPerSecond)} requests/s were due, and ${number(figures.okPerSecond)}/s succeeded.`,
    `${accept ? `A request was accepted within ${ms(accept.p95)} (p95)` : "No request was accepted"}` +
      `${total ? `; a successful request ended within ${ms(total.p95)} (p95)` : ""}` +
      `${idle ? `; an endpoint that does nothing answered within ${ms(idle.p95)} (p95)` : ""}.`,
    ...(thresholds.length > 0
      ? [
          broken === 0
            ? "All thresholds passed."
            : `${broken} of ${counted(thresholds.length, "threshold")} failed.`,
        ]
      : []),
  ];
}

function thresholdTable({ thresholds }: LoadSummary): Block {
  return {
    kind: "table",
    caption: "Thresholds",
    columns: [{ head: "passed" }, { head: "threshold" }, { head: "measured", number: true }],
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
    caption: "How long each part of a request took. `wait` and `service` use the server's times",
    columns: [{ head: "part" }, ...["count", ...names].map((head) => ({ head, number: true as const }))],
    rows: [...timeNames.map((name) => row(name, figures.times[name])), row("idle endpoint", idle)],
  };
}

function conditions({ run: { machine, versions, commit, seed, at }, cell }: LoadSummary): string[] {
  const loop =
    cell.loop === "open"
      ? "Open loop: requests were sent on a schedule, whether or not earlier ones were answered."
      : "Closed loop: each user sent the next request after the previous one was answered.";
  return [
    loop,
    `The load came from ${counted(machine.cores, "core")} (${machine.processor}), ${machine.system}, Node ${versions.node}, Millrace ` +
      `${versions.millrace}${commit === null ? "" : ` at ${commit}`}, ${at.slice(0, 16).replace("T", " ")} UTC, seed ${seed}.`,
  ];
}
