/**
 * Runs before `npm start` and `npm test`, on any installed Node (20 or newer). Installs dependencies if a package.json
 * or the lockfile changed, checks that they include Node 24, and builds the page if its sources changed. Plain
 * JavaScript without dependencies, because those may be missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { install, isInstalled } from "./install.js";
import { locked } from "./lock.js";
import { buildPage, isPageBuilt } from "./page.js";
import { root } from "./root.js";

const NODE_MAJOR = 24;

try {
  if (!isInstalled()) locked(() => isInstalled() || install());
  checkNode();
  const withPage = !process.argv.includes("--without-page");
  if (withPage && !isPageBuilt()) locked(() => isPageBuilt() || buildPage());
} catch (error) {
  console.error(`\n${error.message}\n`);
  process.exitCode = 1;
}

/** Later scripts use `node_modules/.bin/node`. Without it, they would fail with confusing errors. */
function checkNode() {
  const own = join(root, "node_modules", ".bin", "node");
  const found = existsSync(own) ? spawnSync(own, ["--version"], { encoding: "utf8" }).stdout : null;
  const version = (found || process.version).trim();
  if (Number(/^v(\d+)/.exec(version)?.[1]) >= NODE_MAJOR) return;
  throw new Error(
    [
      `Millrace needs Node ${NODE_MAJOR} or newer; this is ${version}.`,
      `It comes with the dependencies as node_modules/.bin/node, but is not there or does not run.`,
      `npm puts it in place by an install script, so scripts must be allowed:`,
      `    npm rebuild node --ignore-scripts=false`,
      `Or install Node ${NODE_MAJOR} yourself: https://nodejs.org/en/download`,
    ].join("\n"),
  );
}
