import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { npm } from "./npm.js";
import { root } from "./root.js";

const stamp = join(root, "node_modules", ".millrace-installed");
const dependencyFields = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/** Whether the installed dependencies match the lockfile. */
export function isInstalled() {
  const fingerprint = fingerprintOf(manifests());
  if (read(stamp) === fingerprint) return true;
  if (!matchesLockfile()) return false;
  writeFileSync(stamp, fingerprint);
  return true;
}

export function install() {
  console.log("Installing the dependencies; this happens once and takes about two minutes …");
  // NODE_ENV=production would omit Node 24 itself and the tools that build the page.
  const { status, stderr } = npm([
    "ci",
    "--include=dev",
    "--prefer-offline",
    "--loglevel=error",
    "--no-audit",
    "--no-fund",
  ]);
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(explain(stderr));
  writeFileSync(stamp, fingerprintOf(manifests()));
}

function manifests() {
  const workspaces = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).workspaces;
  return ["package.json", "package-lock.json", ...workspaces.map((folder) => join(folder, "package.json"))];
}

function fingerprintOf(files) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of files) hash.update(`\0${file}\0${read(join(root, file)) ?? ""}`);
  return hash.digest("hex");
}

/**
 * Whether npm's record of node_modules matches the lockfile, for example after `npm install <package>`, or after a
 * change in package.json that does not affect dependencies. Then there is nothing to install.
 */
function matchesLockfile() {
  const record = read(join(root, "node_modules", ".package-lock.json"));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return agrees(path, entry);
    if (entry.link || entry.optional || entry.devOptional) return true;
    return installed[path]?.version === entry.version && existsSync(join(root, path));
  });
}

/** Whether the lockfile's dependencies of a workspace match its package.json. */
function agrees(folder, entry) {
  const manifest = JSON.parse(read(join(root, folder, "package.json")) ?? "{}");
  return dependencyFields.every((field) => sorted(manifest[field]) === sorted(entry[field]));
}

function sorted(dependencies = {}) {
  return JSON.stringify(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function explain(stderr) {
  if (
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT)\b/.test(
      stderr,
    )
  ) {
    return [
      "The dependencies could not be downloaded: the package registry cannot be reached.",
      "The first start needs a network (or an npm cache); later ones work without. Check the connection,",
      "and `npm config get registry` and `npm config get proxy`, then run the same command again.",
    ].join("\n");
  }
  return "The dependencies could not be installed: see npm's message above.";
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
