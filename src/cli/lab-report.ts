import type { Command } from "commander";

const REPORT_EXAMPLES = `
Examples:
  millrace lab report study/records.ndjson --html study.html
  millrace lab report study/*.ndjson --markdown docs/study.md

Every number in the report is computed from the records. In a Markdown file that has the lines <!-- study --> and
<!-- /study -->, only what is between them is replaced; figures go to images/study beside the file.`;

export function addReport(lab: Command): void {
  lab
    .command("report <records...>")
    .description("the report of a study, from its records")
    .option("--html <file>", "one HTML file that needs no network")
    .option("--markdown <file>", "Markdown, with its figures as SVG files")
    .addHelpText("after", REPORT_EXAMPLES)
    .action(async (records, flags) => (await import("./lab/report.ts")).report(records, flags));
}
