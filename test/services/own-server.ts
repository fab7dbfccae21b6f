import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A server of the test's own, which it may kill: what it confirmed is on disk. */
export interface OwnServer {
  readonly url: string;
  /** As a crash, and up again, at once by default. */
  restart(options?: { awayMs: number }): Promise<void>;
  stop(): Promise<void>;
}

export interface OwnServerOptions {
  url: string;
  /** Removed when it is stopped. */
  folder: string;
  /** Resolves when it answers. */
  start(): Promise<ChildProcess>;
  /** Ends the process as a crash does. @default SIGKILL */
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
