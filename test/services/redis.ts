import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { type OwnServer, ownServer } from "./own-server.ts";
import { freePort } from "./ports.ts";

/** Has everything it confirmed on disk. @param more settings as in `redis.conf` */
export async function startRedis(more: Record<string, string | number> = {}): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;

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

  return ownServer({ url, folder, start });
}
