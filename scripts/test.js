/**
 * `npm test`: runs the static checks, then all tests. Ends with one line, `N passed, N failed, N skipped`, where each
 * static check counts as one test. Other arguments are passed to vitest: `npm test -- src/domain`.
 *
 * A test that needs something that may be missing on a machine calls `ctx.skip("missing: chromium")`. If `CI` is set,
 * nothing may be missing, so such skips fail. Skips without a reason always fail there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { root } from "./root.js";

const filters = process.argv.slice(2);
if (filters.includes("--help") || filters.includes("-h")) {
  console.log(`Usage: npm test -- [PATH…] [OPTIONS of vitest]

Runs the static checks, and then all tests, or those below the paths.`);
  process.exit();
}
const required = Boolean(process.env.CI) && process.env.CI !== "false";
const env = { ...process.env, PATH: join(root, "node_modules", ".bin") + delimiter + process.env.PATH };
const total = { passed: 0, failed: 0, skipped: [] };
const failedChecks = [];

check("page", "node", ["scripts/ensure.js"]);
check("types", "tsc", ["--noEmit"]);
if (existsSync(join(root, "web", "tsconfig.json")))
  check("types of the page", "tsc", ["--noEmit", "-p", "web"]);
check("types of the examples' pages", "tsc", ["--noEmit", "-p", "examples"]);
check("lint and format", "biome", ["check", "--error-on-warnings", "."]);
check("import directions", "node", ["scripts/check-imports.ts"]);
check("dead code", "knip", ["--no-progress"]);
runTests();
close();

function check(name, command, args) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status === 0) {
    total.passed++;
    console.log(`ok      ${name} (${seconds} s)`);
  } else {
    total.failed++;
    failedChecks.push(name);
    console.log(
      `FAILED  ${name} (${seconds} s)\n${[stdout, stderr, error?.message].filter(Boolean).join("\n")}`,
    );
  }
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
  const file = join(folder, "tally.json");
  const args = ["run", "--reporter=default", "--reporter=./scripts/tally.js", ...filters];
  const { status } = spawnSync("vitest", args, {
    cwd: root,
    env: { ...env, TALLY_FILE: file },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const tally = existsSync(file)
    ? JSON.parse(readFileSync(file, "utf8"))
    : { passed: 0, failed: 1, skipped: [] };
  rmSync(folder, { recursive: true, force: true });
  // Vitest found no test, or failed itself, and has already printed why.
  if (status !== 0 && tally.failed === 0) tally.failed = 1;
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped.push(...tally.skipped);
}

function close() {
  const forbidden = required ? total.skipped.filter(isForbidden) : [];
  const skipped = total.skipped.filter((test) => !forbidden.includes(test));
  for (const name of failedChecks) console.log(`FAILED  ${name}: see above`);
  for (const { name, reason } of forbidden)
    console.log(`FAILED  ${name}: skipped, ${reason ?? "without a reason"}`);
  for (const { name, reason } of skipped) console.log(`skipped ${name}: ${reason ?? "no reason given"}`);
  const failed = total.failed + forbidden.length;
  console.log(`${total.passed} passed, ${failed} failed, ${skipped.length} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Tests excluded by a name filter need no reason. */
function isForbidden({ reason }) {
  if (reason) return reason.startsWith("missing");
  return !filters.some((filter) => /^(-t|--testNamePattern)/.test(filter));
}
