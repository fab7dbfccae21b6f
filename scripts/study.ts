/**
 * `npm run study [-- --quick …]`: starts the study's missing servers and runs it. If a server cannot be started, the
 * study skips it and the report says so. Arguments are those of `millrace lab study`.
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

const needed = ["postgres", "redis", "rabbitmq", "kafka"];
const { stdout } = run("scripts/services/index.ts", ["start", "--json", ...needed], "pipe");
const urls = JSON.parse(stdout) as Record<string, string>;
const { status } = run("bin/millrace.js", ["lab", "study", ...process.argv.slice(2)], "inherit", {
  ...process.env,
  ...urls,
});
process.exitCode = status ?? 1;
