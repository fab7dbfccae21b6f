import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MillraceError } from "../../errors.ts";
import { toHtml } from "./html.ts";
import { toMarkdown } from "./markdown.ts";
import { loadPlotter } from "./plotter.ts";
import { readRecords } from "./read-records.ts";
import { studyReport } from "./study-report.ts";

const FIGURES = "images/study";
const BEGIN = "<!-- study -->";
const END = "<!-- /study -->";

/**
 * Writes a study's report.
 * @param records NDJSON files
 * @returns the files written
 */
export async function writeReport(
  records: readonly string[],
  { html, markdown }: { html?: string | undefined; markdown?: string | undefined },
): Promise<string[]> {
  const plotter = await loadPlotter();
  const study = await readRecords(records);
  if (study.cells.length === 0)
    throw new MillraceError(
      "config_invalid",
      "The records contain no complete cell, so there is nothing to report.",
    );
  const report = studyReport(study, plotter);
  const written: string[] = [];
  if (html !== undefined) {
    await writeFile(html, toHtml(report));
    written.push(html);
  }
  if (markdown !== undefined) {
    const { text, files } = toMarkdown(report, FIGURES);
    for (const [path, svg] of files) {
      const file = join(dirname(markdown), path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, svg);
      written.push(file);
    }
    await writeFile(markdown, await withinMarks(markdown, text));
    written.push(markdown);
  }
  return written;
}

/** Keeps the text and title that people wrote around the marks. */
async function withinMarks(path: string, text: string): Promise<string> {
  const present = await readFile(path, "utf8").catch(() => "");
  const from = present.indexOf(BEGIN);
  const to = present.indexOf(END);
  if (from === -1 || to < from) return text;
  const untitled = text.replace(/^# .*\n+/, "");
  return `${present.slice(0, from + BEGIN.length)}\n\n${untitled}\n${present.slice(to)}`;
}
