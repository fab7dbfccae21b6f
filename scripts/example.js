/**
 * `npm run example -- NAME [flags of millrace start]`: starts an application from `examples/` in its own folder, with
 * the embedded adapters. Its packages are installed with those of the checkout.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "./root.js";

const examples = join(root, "examples");
const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, "millrace.config.ts")));
const [name, ...flags] = process.argv.slice(2);

const isHelp = name === "--help" || name === "-h";
if (isHelp || !names.includes(name)) {
  const print = isHelp ? console.log : console.error;
  print(`Usage: npm run example -- NAME [flags of millrace start]\nNAME is one of ${names.join(", ")}.`);
  process.exit(isHelp ? 0 : 2);
}

const args = [join(root, "bin", "millrace.js"), "start", ...flags];
const child = spawn(process.execPath, args, { cwd: join(examples, name), stdio: "inherit" });
// A terminal signals both processes, a service manager only this one.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
