/**
 * `npm run matrix`: runs the conformance suites of all adapters, and writes the results to
 * `docs/measurements/broker-conformance.md` and the capabilities to `docs/brokers.md`. `--report FILE` reads vitest's
 * JSON report of an earlier run instead.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.ts";
import { capabilitiesTable, openBrokers } from "./matrix/capabilities.ts";
import { brokerTable, otherPortsTable, pointsOf, type Report } from "./matrix/conformance.ts";
import { replaceSection } from "./matrix/page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const guide = join(root, "docs", "brokers.md");
const page = join(root, "docs", "measurements", "broker-conformance.md");
const suites = ["broker", "bus", "blobs", "store", "limiter", "restarts"];

const { values } = readArguments({
  command: "npm run matrix",
  about:
    "Runs the conformance suites of all adapters, and writes docs/measurements/broker-conformance.md\n" +
    "and the capabilities in docs/brokers.md.",
  options: {
    report: { type: "string", value: "FILE", about: "reads vitest's JSON report of an earlier run instead" },
  },
});
const report = JSON.parse(readFileSync(values.report ?? runSuites(), "utf8")) as Report;
const points = pointsOf(report);
for (const { message, name } of report.testResults.filter((file) => file.status === "failed")) {
  console.error(`FAILED ${name}: ${message}`);
  process.exitCode = 1;
}
if (process.exitCode) process.exit();

const brokers = await openBrokers();
for (const { name, missing } of brokers.missing) console.error(`${name}: ${missing}`);
if (brokers.missing.length > 0) process.exit(1);

const table = capabilitiesTable(brokers.open);
writeFileSync(guide, replaceSection(readFileSync(guide, "utf8"), "capabilities", table));
let text = readFileSync(page, "utf8");
text = replaceSection(text, "broker conformance", brokerTable(points));
text = replaceSection(text, "other conformance", otherPortsTable(points));
writeFileSync(page, text);
console.log(`${page}: ${points.length} points`);

/** Returns the path of the report. */
function runSuites(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-matrix-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "report.json");
  const filters = suites.map((suite) => `${suite}.test.ts`);
  const args = ["run", "--project=unit", "--reporter=default", "--reporter=json", `--outputFile=${file}`];
  spawnSync(join(root, "node_modules", ".bin", "vitest"), [...args, ...filters], {
    cwd: root,
    // Tests also kill their own servers, which takes a while.
    env: { ...process.env, MILLRACE_TEST_RESTARTS: "1" },
    stdio: "inherit",
  });
  return file;
}
