import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A separate server that a test may kill, and that has everything it confirmed on disk. */
export interface OwnServer {
  readonly url: string;
  /** Simulates a crash, and starts the server again after `awayMs`, by default at once. */
  restart(options?: { awayMs: number }): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnServerOptions {
  url: string;
  /** Removed when the server is stopped. */
  folder: string;
  /** Resolves when the server answers. */
  start(): Promise<ChildProcess>;
  /** Ends the process as a crash would. @default SIGKILL */
  crash?(child: ChildProcess): void;
}

export async function ownServer(options: OwnServerOptions): Promise<OwnServer> {
  const { url, folder, start, crash = (child) => child.kill("SIGKILL") } = options;
  let server = await start();

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    crash(server);
    await exited;
  }

  return {
    url,
    async restart({ awayMs = 0 } = { awayMs: 0 }) {
      await kill();
      await sleep(awayMs);
      server = await start();
    },
    async stop() {
      await kill();
      // Its children may still write for a moment.
      await sleep(200);
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
