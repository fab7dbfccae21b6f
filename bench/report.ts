/** The results of one benchmark, for people and programs. */
export interface Report {
  name: string;
  title: string;
  /** How it was measured, one sentence per entry. */
  method: string[];
  columns: Column[];
  rows: Row[];
  targets: Target[];
  /** More tables, shown below the targets. */
  further?: { title: string; columns: Column[]; rows: Row[] }[];
}

/** A column of figures; `name` is the key in the rows. */
export interface Column {
  name: string;
  title: string;
  digits?: number;
  /** Replaces infinity, that is, when it took longer than the time limit. */
  beyond?: string;
}

export interface Row {
  subject: string;
  figures: { [column: string]: number };
  note?: string;
}

export interface Target {
  what: string;
  target: string;
  reached: number;
  met: boolean;
}

/** @param bound `reached` must be at least (or at most) this */
export function target(
  what: string,
  reached: number,
  bound: { atLeast: number } | { atMost: number },
  unit = "",
): Target {
  const least = "atLeast" in bound;
  const limit = least ? bound.atLeast : bound.atMost;
  return {
    what,
    target: `${least ? "≥" : "≤"} ${format(limit)}${unit && ` ${unit}`}`,
    reached,
    met: least ? reached >= limit : reached <= limit,
  };
}

/** Formats the report as Markdown that also reads well in a terminal. */
export function toMarkdown(report: Report): string {
  const { columns, rows, targets, further = [] } = report;
  const parts = [report.method.join(" "), figures(columns, rows)];
  if (targets.length > 0) {
    const lines = targets.map((one) => [
      one.what,
      one.target,
      format(one.reached),
      one.met ? "yes" : "**no**",
    ]);
    parts.push(table(["target", "wanted", "reached", "met"], lines, 0));
  }
  for (const one of further) parts.push(`${one.title}:`, figures(one.columns, one.rows));
  return parts.join("\n\n");
}

function figures(columns: Column[], rows: Row[]): string {
  const withNotes = rows.some((row) => row.note);
  const head = ["", ...columns.map((column) => column.title), ...(withNotes ? ["notes"] : [])];
  const body = rows.map((row) => [
    row.subject,
    ...columns.map(({ name, digits, beyond }) =>
      row.figures[name] === Number.POSITIVE_INFINITY && beyond ? beyond : format(row.figures[name], digits),
    ),
    ...(withNotes ? [row.note ?? ""] : []),
  ]);
  return table(head, body, columns.length);
}

function table(head: string[], rows: string[][], numbers: number): string {
  const widths = head.map((title, n) => Math.max(3, title.length, ...rows.map((row) => row[n]!.length)));
  const isNumber = (n: number) => n > 0 && n <= numbers;
  const line = (cells: string[]) =>
    `| ${cells.map((cell, n) => (isNumber(n) ? cell.padStart(widths[n]!) : cell.padEnd(widths[n]!))).join(" | ")} |`;
  const rule = widths.map((width, n) => (isNumber(n) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Formats with `digits` decimals; with three significant digits if left out. */
export function format(value: number | undefined, digits?: number): string {
  if (value === undefined || Number.isNaN(value)) return "";
  if (value === Number.POSITIVE_INFINITY) return "too long";
  if (digits !== undefined) return grouped(value.toFixed(digits));
  const size = Math.abs(value);
  return grouped(size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2));
}

function grouped(text: string): string {
  const [whole, rest] = text.split(".");
  const thousands = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? thousands : `${thousands}.${rest}`;
}
