import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgres } from "../../scripts/services/postgres.ts";
import { freePort } from "./ports.ts";

/** A PostgreSQL cluster of the test's own, which it may kill: what it committed is on disk. */
export interface OwnPostgres {
  readonly url: string;
  /** As a crash, and up again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether Debian's package is there. */
export const postgresInstalled = existsSync("/usr/lib/postgresql");

const BOOT_MS = 60_000;

/** @param settings as in `postgresql.conf` */
export async function startPostgres(settings: Record<string, string> = {}): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  // The server runs as a user of its own when we are root.
  await chmod(folder, 0o755);
  const url = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;
  let server = await start();

  async function start(): Promise<ChildProcess> {
    const { program, args, uid, gid } = await postgres.command(url, folder);
    const own = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    for (const deadline = Date.now() + BOOT_MS; Date.now() < deadline; ) {
      const started = spawn(program, [...args, ...own], {
        cwd: folder,
        stdio: "ignore",
        ...(uid === undefined ? {} : { uid, gid }),
      });
      while (started.exitCode === null && Date.now() < deadline) {
        if (await postgres.answers(url)) return started;
        await sleep(50);
      }
      // Processes of the one before may still hold its memory.
      started.kill("SIGKILL");
      await sleep(100);
    }
    throw new Error(`PostgreSQL did not start within ${BOOT_MS / 1_000} s`);
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
      await sleep(200);
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
