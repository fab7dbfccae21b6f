/**
 * `npm run study [-- --quick …]`: starts the study's missing servers and runs it. If a server cannot be started, the
 * study skips it and the report says so. Arguments are those of `millrace lab study`; its help needs no servers.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (file: string, args: string[], stdio: "inherit" | "pipe", env = process.env) =>
  spawnSync(process.execPath, [join(root, file), ...args], {
    encoding: "utf8",
    stdio: ["ignore", stdio, "inherit"],
    env,
  });

const args = process.argv.slice(2);
const isHelp = args.includes("--help") || args.includes("-h");
const urls = isHelp ? {} : startServers();
const { status } = run("bin/millrace.js", ["lab", "study", ...args], "inherit", { ...process.env, ...urls });
process.exitCode = status ?? 1;

/** Returns their URLs by environment variable. */
function startServers(): Record<string, string> {
  const needed = ["postgres", "redis", "rabbitmq", "kafka"];
  const { stdout } = run("scripts/services/index.ts", ["start", "--json", ...needed], "pipe");
  return JSON.parse(stdout) as Record<string, string>;
}
