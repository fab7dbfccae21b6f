import { relative } from "node:path";
import { bytes, change, plural, seconds } from "../amounts.ts";
import { printable, table } from "../table.ts";
import { isUrl } from "./inputs.ts";
import type { FileResult } from "./run.ts";
import { STANDARD_OUTPUT } from "./targets.ts";

export interface Summary {
  state: "succeeded" | "partial" | "failed" | "cancelled";
  /** The server that converted. `null` for this machine. */
  server: string | null;
  out: string;
  converted: number;
  failed: number;
  /** Number of files in the given folders that are not images. */
  skipped: number;
  /** Total of the converted files. */
  bytesBefore: number;
  bytesAfter: number;
  seconds: number;
  files: FileResult[];
}

export function summarize(
  files: FileResult[],
  more: Pick<Summary, "server" | "out" | "skipped"> & { ms: number; interrupted: boolean },
): Summary {
  const converted = files.filter((file) => file.state === "converted");
  const failed = files.filter((file) => file.state === "failed").length;
  const ended = converted.length === files.length ? "succeeded" : converted.length > 0 ? "partial" : "failed";
  const { server, out, skipped, ms, interrupted } = more;
  return {
    state: interrupted ? "cancelled" : ended,
    server,
    out,
    converted: converted.length,
    failed,
    skipped,
    bytesBefore: converted.reduce((sum, file) => sum + file.bytesBefore, 0),
    bytesAfter: converted.reduce((sum, file) => sum + (file.bytesAfter ?? 0), 0),
    seconds: Math.round(ms) / 1_000,
    files,
  };
}

/** One line per file, one per warning, and a total. */
export function summaryText(summary: Summary): string {
  const rows = summary.files.map((file) => [
    printable(nameOf(file)),
    file.bytesBefore > 0 ? bytes(file.bytesBefore) : "",
    file.bytesAfter === null ? "" : bytes(file.bytesAfter),
    file.bytesAfter === null || isFetched(file) ? "" : change(file.bytesBefore, file.bytesAfter),
    file.width === null ? "" : `${file.width} × ${file.height}`,
    resultOf(file),
  ]);
  const columns = [
    { head: "file" },
    { head: "before", align: "right" as const },
    { head: "after", align: "right" as const },
    { head: "change", align: "right" as const },
    { head: "size", align: "right" as const },
    { head: "result" },
  ];
  return [table(columns, rows), ...warningLines(summary), totals(summary)].join("\n\n");
}

/** A paragraph with the warnings. Empty if there are none. */
function warningLines({ files }: Summary): string[] {
  const lines = files.flatMap((file) =>
    file.warnings.map(({ message }) => printable(`${nameOf(file)}: ${message}`)),
  );
  return lines.length === 0 ? [] : [lines.map((line) => `warning: ${line}`).join("\n")];
}

/** The size of a fetched file is unknown here. */
function isFetched({ input }: FileResult): boolean {
  return isUrl(input);
}

function nameOf({ input }: FileResult): string {
  return isUrl(input) ? input : relative(process.cwd(), input) || input;
}

function resultOf({ state, output, outputs, error }: FileResult): string {
  if (state === "converted") {
    if (output === null) return "written";
    const more = outputs.length > 1 ? ` and ${outputs.length - 1} more` : "";
    return printable(relative(process.cwd(), output)) + more;
  }
  return state === "failed" ? `failed: ${error}` : "canceled";
}

function totals(summary: Summary): string {
  const { converted, failed, skipped, bytesBefore, bytesAfter, out, files } = summary;
  const parts = [`${plural(converted, "image")} converted in ${seconds(summary.seconds * 1_000)}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (files.length > converted + failed) parts.push(`${files.length - converted - failed} canceled`);
  if (skipped > 0) parts.push(`${plural(skipped, "other file")} skipped`);
  const total = files.some(isFetched)
    ? bytes(bytesAfter)
    : `${bytes(bytesBefore)} → ${bytes(bytesAfter)} (${change(bytesBefore, bytesAfter)})`;
  const place = out === STANDARD_OUTPUT ? "to standard output" : `in ${relative(process.cwd(), out) || out}`;
  return parts.join(", ") + (converted > 0 ? `: ${total}, ${place}` : "");
}
