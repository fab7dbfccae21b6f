import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kafkaAnswers, kafkaCommand } from "../../scripts/services/kafka.ts";
import { type OwnServer, ownServer } from "./own-server.ts";

const jars = fileURLToPath(new URL("../../.services/kafka/lib", import.meta.url));

/** Whether `npm run services` has downloaded Kafka. */
export const kafkaInstalled = existsSync(join(jars, ".complete"));

/**
 * @param port the first of six ports that it listens on
 * @param properties additional lines; later ones override earlier ones
 */
export async function startKafka(port: number, properties: readonly string[] = []): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-kafka-"));
  const url = `kafka://127.0.0.1:${port}`;
  await symlink(jars, join(folder, "lib"));

  async function start(): Promise<ChildProcess> {
    const { program, args } = await kafkaCommand(url, folder, properties);
    const started = spawn(program, args, { cwd: folder, stdio: "ignore" });
    const deadline = Date.now() + 60_000;
    while (!(await kafkaAnswers(url))) {
      if (Date.now() > deadline) {
        started.kill("SIGKILL");
        throw new Error("Kafka did not start within 60 s");
      }
      await sleep(100);
    }
    return started;
  }

  return ownServer({ url, folder, start });
}
