/**
 * `npm run build`: creates what is published, because Node does not strip types inside `node_modules`. Compiles `src`
 * to `dist`, copies other files next to it, and builds the page unless `--without-page` is given.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readArguments } from "./arguments.ts";
import { buildPage } from "./page.js";
import { root } from "./root.js";

const { values } = readArguments({
  command: "npm run build",
  about: "Compiles src to dist, and builds the page.",
  options: { "without-page": { type: "boolean", default: false, about: "leaves out the page" } },
});
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
compile();
for (const file of globSync("**/*.js", { cwd: dist })) pointAtBuilt(join(dist, file));
cpSync(join(root, "src"), dist, { recursive: true, filter: (path) => !path.endsWith(".ts") });
if (!values["without-page"]) buildPage();

function compile() {
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}

/**
 * tsc rewrites the extension in imports, but not in URLs of files that start a thread or a process, such as
 * `new URL("./writer.ts", import.meta.url)`.
 */
function pointAtBuilt(file) {
  const text = readFileSync(file, "utf8");
  const rewritten = text.replace(
    /(new URL\(\s*["'`]\.{1,2}\/[^"'`]*)\.ts(["'`],\s*import\.meta\.url)/g,
    "$1.js$2",
  );
  if (rewritten !== text) writeFileSync(file, rewritten);
}
