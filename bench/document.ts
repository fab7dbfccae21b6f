import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Conditions, describe } from "./conditions.ts";
import { type Report, toMarkdown } from "./report.ts";

const file = join(import.meta.dirname, "..", "docs", "measurements", "benchmarks.md");

/** Puts a report between its markers in `docs/measurements/benchmarks.md`, and keeps the text around them. */
export async function writeDocument(report: Report, found: Conditions, quick: boolean): Promise<void> {
  const text = await readFile(file, "utf8");
  const begin = `<!-- ${report.name} -->`;
  const end = `<!-- /${report.name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(`docs/measurements/benchmarks.md has no place for ${report.name}: ${begin} … ${end}`);
  const mark = quick ? " **A quick look: not a measurement.**" : "";
  const section = `${begin}\n${toMarkdown(report)}\n\n${describe(found)}${mark}\n`;
  await writeFile(file, text.slice(0, from) + section + text.slice(to));
}
