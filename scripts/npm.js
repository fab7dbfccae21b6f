import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import process from "node:process";
import { root } from "./root.js";

/**
 * Runs npm in the root of the checkout. Must not run it on `node_modules/.bin/node`, because `npm ci` deletes that.
 */
export function npm(args) {
  const bin = join("node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.endsWith(bin));
  const { status, stderr, error } = spawnSync("npm", args, {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    encoding: "utf8",
    stdio: ["ignore", "inherit", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw new Error(`npm cannot be run: ${error.message}`);
  return { status, stderr };
}
