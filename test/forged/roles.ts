import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** An API process and workers over one data folder, started as an operator would. */
export interface Roles {
  /** Starts one role. Returns the line that says it is ready. */
  start(...args: string[]): Promise<string>;
  /** The log of all of them. */
  log(): string;
  stop(): Promise<void>;
}

export function roles(folder: string, env: NodeJS.ProcessEnv): Roles {
  const children: ChildProcess[] = [];
  let log = "";
  return {
    log: () => log,
    async start(...args) {
      const child = spawn(process.execPath, [join(root, "bin", "millrace.js"), ...args, "--data", folder], {
        env: { ...process.env, ...env, MILLRACE_PIPELINES: join(root, "test", "cli", "pipeline.ts") },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      child.stderr.on("data", (chunk) => {
        log += String(chunk);
      });
      const [said] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      if (typeof said === "number") throw new Error(`millrace ${args[0]} ended: ${log}`);
      return String(said);
    },
    async stop() {
      const ending = children.map((child) => child.exitCode ?? once(child, "exit"));
      for (const child of children) child.kill("SIGTERM");
      await Promise.all(ending);
    },
  };
}

/** How many messages were dropped according to the API's metrics. */
export function droppedIn(metrics: string, source: "bus" | "broker", reason: string): number {
  const line = `^millrace_messages_dropped_total\\{source="${source}",reason="${reason}"\\} (\\d+)$`;
  return Number(new RegExp(line, "m").exec(metrics)?.[1] ?? 0);
}
