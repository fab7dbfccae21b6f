import { execFile, spawn } from "node:child_process";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Command } from "./service.ts";

const run = promisify(execFile);

/** A process that we started, as recorded in `.services/NAME/process.json`. */
export interface Started {
  pid: number;
  /** The system's start time, because the pid may belong to another process by now. */
  since: string;
  url: string;
}

/** Starts a process that outlives this one. Its output goes to a log in its folder. */
export async function start(command: Command, url: string, folder: string): Promise<Started> {
  await mkdir(folder, { recursive: true });
  const log = await open(join(folder, "server.log"), "a");
  try {
    const child = spawn(command.program, command.args, {
      cwd: folder,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, ...command.env },
      ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid }),
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    const started = { pid: child.pid!, since: (await startTime(child.pid!)) ?? "", url };
    await writeFile(join(folder, "process.json"), JSON.stringify(started));
    return started;
  } finally {
    await log.close();
  }
}

/** The process that we started in this folder, if it still runs. */
export async function running(folder: string): Promise<Started | null> {
  const text = await readFile(join(folder, "process.json"), "utf8").catch(() => null);
  if (text === null) return null;
  const started = JSON.parse(text) as Started;
  return started.since !== "" && (await startTime(started.pid)) === started.since ? started : null;
}

/** Stops the process that we started in this folder, and kills it after 15 s. */
export async function stop(folder: string): Promise<boolean> {
  const started = await running(folder);
  if (started) {
    process.kill(started.pid, "SIGTERM");
    const deadline = Date.now() + 15_000;
    while (await running(folder)) {
      if (Date.now() > deadline) process.kill(started.pid, "SIGKILL");
      await sleep(100);
    }
  }
  await rm(join(folder, "process.json"), { force: true });
  return started !== null;
}

/** Last lines of the log, for an error message. */
export async function logTail(folder: string, lines = 15): Promise<string> {
  const text = await readFile(join(folder, "server.log"), "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}

async function startTime(pid: number): Promise<string | null> {
  const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.trim() || null;
}
