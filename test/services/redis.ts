import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./ports.ts";

/** A Redis server of the test's own, which it may kill: everything it confirmed is on disk. */
export interface OwnRedis {
  readonly url: string;
  /** As a crash, and up again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param more settings, as in `redis.conf` */
export async function startRedis(more: Record<string, string | number> = {}): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server = await start();

  async function start(): Promise<ChildProcess> {
    const settings = {
      port,
      bind: "127.0.0.1",
      dir: folder,
      appendonly: "yes",
      appendfsync: "always",
      save: "",
      ...more,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const started = spawn("redis-server", args, { stdio: "ignore" });
    const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on("error", () => {});
    await client.ping();
    client.disconnect();
    return started;
  }

  async function kill(): Promise<void> {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  }

  return {
    url,
    async restart() {
      await kill();
      server = await start();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
