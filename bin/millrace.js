#!/usr/bin/env node
// Plain JavaScript that an old Node can read: it checks the version before anything else is loaded.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { isatty } from "node:tty";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const NODE_MAJOR = 24;
/** Names the pipe by which a Node started by `runOn` learns that its parent has ended. */
const PARENT_PIPE = "MILLRACE_PARENT_PIPE";
/** The process id of the supervisor, for its children. */
const SUPERVISOR = "MILLRACE_SUPERVISOR";

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));

if (major(process.version) >= NODE_MAJOR) {
  endWithParent();
  endWithSupervisor();
  await keepCompiled();
  // A checkout runs its sources; a published package has only what was built from them.
  const source = existsSync(join(root, "src", "cli", "main.ts"));
  await import(pathToFileURL(join(root, source ? "src/cli/main.ts" : "dist/cli/main.js")).href);
} else {
  const node = newerNode();
  if (node) runOn(node);
  else refuse();
}

/** What V8 compiled is kept beside the package, where that can be written: the next start takes half the time. */
async function keepCompiled() {
  if (process.env.NODE_COMPILE_CACHE || process.env.NODE_DISABLE_COMPILE_CACHE) return;
  const { enableCompileCache } = await import("node:module");
  const { directory } = enableCompileCache(join(root, ".compiled"));
  // For its threads and children.
  if (directory) process.env.NODE_COMPILE_CACHE = join(root, ".compiled");
}

function major(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

/** The Node that came with a checkout's dependencies, or that the project using this package depends on. */
function newerNode() {
  return [join(root, "node_modules", ".bin", "node"), join(dirname(root), ".bin", "node")].find(
    (file) =>
      existsSync(file) &&
      major(String(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout)) >= NODE_MAJOR,
  );
}

function refuse() {
  console.error(
    [
      `Millrace needs Node ${NODE_MAJOR} or newer; this is ${process.version} (${process.execPath}).`,
      "In a checkout, run `npm ci`: it brings Node 24 with it.",
      "In a project of yours, run `npm install --save-dev node@24`, or install Node 24:",
      "https://nodejs.org/en/download",
    ].join("\n"),
  );
  process.exitCode = 1;
}

/** Runs this command again on another Node and ends as that one does. */
function runOn(node) {
  const child = spawn(node, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [PARENT_PIPE]: "3" },
  });
  // The pipe only exists to be closed when this process ends, even by SIGKILL.
  child.stdio[3].on("error", () => {});
  child.stdio[3].unref();

  // A terminal sends these to both processes by itself, and a second one would mean "do not wait".
  const fromTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP"]) {
    process.on(signal, () => fromTerminal || child.kill(signal));
  }
  for (const signal of ["SIGTERM", "SIGUSR2", "SIGCONT"]) process.on(signal, () => child.kill(signal));

  child.on("error", (error) => {
    console.error(`${node} cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    if (!signal) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Ends this process in order when the one that started it by `runOn` is gone. */
function endWithParent() {
  const fd = Number(process.env[PARENT_PIPE]);
  if (!fd) return;
  // Processes started from here have no such pipe.
  delete process.env[PARENT_PIPE];
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on("error", () => {});
  pipe.on("close", () => process.kill(process.pid, "SIGTERM"));
  pipe.resume();
  pipe.unref();
}

/** A child ends with its supervisor, whatever its event loop does: on a busy machine, loading the program takes seconds. */
function endWithSupervisor() {
  const pid = Number(process.env[SUPERVISOR]);
  if (!pid) return;
  // Processes started from here have another parent.
  delete process.env[SUPERVISOR];
  const options = { workerData: pid, stdin: false, execArgv: [], env: {} };
  new Worker(new URL("orphan-thread.js", import.meta.url), options).unref();
}
