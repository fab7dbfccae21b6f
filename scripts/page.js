import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { npm } from "./npm.js";
import { root } from "./root.js";

const web = join(root, "web");
const stamp = join(root, "node_modules", ".millrace-page");

/** Whether `web/dist` was built from the current sources. */
export function isPageBuilt() {
  const { scripts } = JSON.parse(readFileSync(join(web, "package.json"), "utf8"));
  if (!scripts?.build) return true;
  if (!existsSync(join(web, "dist", "index.html")) || !existsSync(stamp)) return false;
  return readFileSync(stamp, "utf8") === fingerprint();
}

export function buildPage() {
  console.log("Building the page …");
  const built = fingerprint();
  const { status, stderr } = npm(["run", "build", "--workspace=web", "--silent"]);
  process.stderr.write(stderr);
  if (status !== 0) throw new Error("The page could not be built: see the message above.");
  writeFileSync(stamp, built);
}

function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const file of sources(web)) hash.update(`\0${relative(web, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !["node_modules", "dist"].includes(entry.name) && !entry.name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? sources(path) : [path];
    });
}
