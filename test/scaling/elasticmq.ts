import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Server } from "../crash/servers.ts";
import { freePort } from "../services/ports.ts";

const jars = fileURLToPath(new URL("../../.services/sqs/lib", import.meta.url));
const BOOT_MS = 60_000;

/** A separate SQS server for the measurement, so that its CPU time can be measured. */
export async function startElasticMq(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-sqs-"));
  await symlink(jars, join(folder, "lib"));
  // The module reads the port when it is loaded.
  process.env.MILLRACE_SQS_PORT = String(await freePort());
  const { sqs } = await import("../../scripts/services/sqs.ts");
  const url = sqs.urls[0]!;
  const { program, args } = await sqs.command(url, folder);
  const server = spawn(program, args, { cwd: folder, stdio: "ignore" });
  for (const deadline = Date.now() + BOOT_MS; !(await sqs.answers(url)); await sleep(100)) {
    if (Date.now() > deadline) throw new Error("ElasticMQ did not start within 60 s");
  }
  return {
    url,
    restart: null,
    async close() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
