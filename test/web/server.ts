import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(import.meta.dirname, "..", "..");

export interface RunningServer {
  url: string;
  /** Its output so far. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts the whole product as a user would, on a free or given port. */
export async function startServer(options: {
  data: string;
  port?: number;
  env?: Record<string, string>;
}): Promise<RunningServer> {
  const port = options.port ?? (await freePort());
  const args = ["--port", String(port), "--pipelines", fileURLToPath(import.meta.resolve("./pipelines.ts"))];
  const child = spawn(process.execPath, [join(root, "bin", "millrace.js"), "start", ...args], {
    env: { ...process.env, ...options.env, MILLRACE_DATA: options.data, MILLRACE_LOG: "error" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = await ready(child);
  let stopping = false;
  child.once("exit", (code, signal) => {
    // Explains the refused connections that tests will report.
    if (!stopping) console.error(`The server ended by itself (${signal ?? code}):\n${output()}`);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    output,
    async stop(signal = "SIGTERM") {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}

/** Waits until the server reports ready. Resolves with a function that returns its output. */
function ready(child: ChildProcess): Promise<() => string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (data: Buffer) => {
      output += data;
      if (/is ready/.test(output)) resolve(() => output);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
