import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { postgres } from "../../scripts/services/postgres.ts";
import { type OwnServer, ownServer } from "./own-server.ts";
import { freePort } from "./ports.ts";

/** Whether Debian's package is installed. */
export const postgresInstalled = existsSync("/usr/lib/postgresql");

const BOOT_MS = 60_000;

/** @param settings as in `postgresql.conf` */
export async function startPostgres(settings: Record<string, string> = {}): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  // When we are root, the server runs as a different user, who must be able to enter the folder.
  await chmod(folder, 0o755);
  const url = `postgres://postgres@127.0.0.1:${await freePort()}/postgres`;

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
      // Processes of the previous server may still hold its shared memory.
      started.kill("SIGKILL");
      await sleep(100);
    }
    throw new Error(`PostgreSQL did not start within ${BOOT_MS / 1_000} s`);
  }

  return ownServer({ url, folder, start });
}
