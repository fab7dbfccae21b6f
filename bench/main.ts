/** `npm run bench -- NAME… [--json] [--quick] [--write]`; `all` for every benchmark. */
import { readArguments } from "../scripts/arguments.ts";
import { benchmarks } from "./benchmarks/index.ts";
import { conditions, describe } from "./conditions.ts";
import { writeDocument } from "./document.ts";
import { type Report, toMarkdown } from "./report.ts";
import { withSession } from "./session.ts";

const { values, positionals } = readArguments({
  command: "npm run bench",
  about: "Runs benchmarks, and prints their tables.",
  operands: { "NAME…": [...Object.keys(benchmarks), "all"].join(", ") },
  options: {
    json: { type: "boolean", default: false, about: "prints the reports as JSON" },
    quick: {
      ...{ type: "boolean", default: false },
      about: "takes a short look, at most 90 s each; its figures are noisy",
    },
    write: {
      ...{ type: "boolean", default: false },
      about: "puts the tables into docs/measurements/benchmarks.md",
    },
  },
});
const names = positionals.includes("all") ? Object.keys(benchmarks) : positionals;
const unknown = names.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. \`npm run bench -- --help\` lists the benchmarks.`);
  process.exit(2);
}

const found = conditions();
const reports: Report[] = [];
for (const name of names) {
  process.stderr.write(`${name} …\n`);
  try {
    const report = await withSession(values.quick, benchmarks[name]!);
    reports.push(report);
    if (!values.json) console.log(`\n## ${report.title} (\`${report.name}\`)\n\n${toMarkdown(report)}\n`);
    if (values.write) await writeDocument(report, found, values.quick);
  } catch (error) {
    // A failing benchmark does not stop the others.
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
  }
}
if (values.json) console.log(JSON.stringify({ conditions: found, reports }, null, 2));
else console.log(describe(found));
// The peers' clients may keep timers running.
process.exit();
