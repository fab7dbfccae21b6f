#!/usr/bin/env node
// Plain JavaScript that an old Node can parse: it checks the version before anything else is loaded.
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
/** Names the pipe that tells a Node started by `runOn` that its parent has ended. */
const PARENT_PIPE = "MILLRACE_PARENT_PIPE";
/** The supervisor's process id, passed to its children. */
const SUPERVISOR = "MILLRACE_SUPERVISOR";

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));

if (major(process.version) >= NODE_MAJOR) {
  endWithParent();
  endWithSupervisor();
  await keepCompiled();
  // A checkout runs its sources; a published package only has the build.
  const source = existsSync(join(root, "src", "cli", "main.ts"));
  await import(pathToFileURL(join(root, source ? "src/cli/main.ts" : "dist/cli/main.js")).href);
} else {
  const node = newerNode();
  if (node) runOn(node);
  else refuse();
}

/** Caches V8's compiled code next to the package, if writable, which halves the start time. */
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

/** Finds the Node installed as a dependency of this checkout, or of the project that uses this package. */
function newerNode() {
  return [join(root, "node_modules", ".bin", "node"), join(dirname(root), ".bin", "node")].find(
    (file) =>
      existsSync(file) &&
      major(String(spawnSync(file, ["--version"], { encoding: "utf8" }).stdout)) >= NODE_MAJOR,
  );
}

function refuse() {
  const isCheckout = existsSync(join(root, "src", "cli", "main.ts"));
  const remedy = isCheckout
    ? `Run \`npm ci\`, which installs Node ${NODE_MAJOR} beside it.`
    : `Run \`npx -p node@${NODE_MAJOR} -p millrace millrace\`, or install Node ${NODE_MAJOR}: https://nodejs.org/en/download`;
  console.error(
    `millrace: Node ${NODE_MAJOR} or newer is required, and this is ${process.version}. ${remedy}`,
  );
  process.exitCode = 1;
}

/** Runs this command again on another Node and exits with the same result. */
function runOn(node) {
  const child = spawn(node, [...process.execArgv, self, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [PARENT_PIPE]: "3" },
  });
  // The pipe exists only to be closed when this process ends, even by SIGKILL.
  child.stdio[3].on("error", () => {});
  child.stdio[3].unref();

  // A terminal sends these to both processes, and a second signal would mean "do not wait".
  const fromTerminal = [0, 1, 2].some((fd) => isatty(fd));
  for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP"]) {
    process.on(signal, () => fromTerminal || child.kill(signal));
  }
  for (const signal of ["SIGTERM", "SIGUSR2", "SIGCONT"]) process.on(signal, () => child.kill(signal));

  child.on("error", (error) => {
    console.error(`millrace: ${node} cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    if (!signal) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Shuts this process down cleanly when the process that started it with `runOn` is gone. */
function endWithParent() {
  const fd = Number(process.env[PARENT_PIPE]);
  if (!fd) return;
  // Child processes do not inherit the pipe.
  delete process.env[PARENT_PIPE];
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.on("error", () => {});
  pipe.on("close", () => process.kill(process.pid, "SIGTERM"));
  pipe.resume();
  pipe.unref();
}

/** Ends with the supervisor even if the event loop is blocked: loading takes seconds on a busy machine. */
function endWithSupervisor() {
  const pid = Number(process.env[SUPERVISOR]);
  if (!pid) return;
  // Child processes have a different parent.
  delete process.env[SUPERVISOR];
  const options = { workerData: pid, stdin: false, execArgv: [], env: {} };
  new Worker(new URL("orphan-thread.js", import.meta.url), options).unref();
}
