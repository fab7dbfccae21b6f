import type { Command } from "commander";

const REPORT_EXAMPLES = `
Examples:
  millrace lab report study/records.ndjson --html study.html
  millrace lab report study/*.ndjson --markdown docs/study.md

The report computes every number from the records. If the Markdown file has the lines <!-- study --> and
<!-- /study -->, only the text between them is replaced. Figures are written to images/study next to the file.`;

export function addReport(lab: Command): void {
  lab
    .command("report <records...>")
    .description("create the report of a study from its records")
    .option("--html <file>", "write one HTML file that needs no network")
    .option("--markdown <file>", "write Markdown, with figures as SVG files")
    .addHelpText("after", REPORT_EXAMPLES)
    .action(async (records, flags) => (await import("./lab/report.ts")).report(records, flags));
}
