import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "amqplib";
import { type OwnServer, ownServer } from "./own-server.ts";
import { freePort } from "./ports.ts";

/** Removes a test's queues; ignores missing ones. */
export async function deleteQueues(url: string, queues: readonly string[]): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const queue of queues) {
    await channel.deleteQueue(queue);
    await channel.deleteQueue(`${queue}:dead`);
  }
  await connection.close();
}

const SCRIPT = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const BOOT_MS = 90_000;
const CONNECT_MS = 5_000;

/**
 * Starts a separate node with its own name, ports, and folders, on the loopback interface only.
 * @param settings lines of `rabbitmq.conf`
 */
export async function startRabbit(settings: readonly string[] = []): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-rabbit-"));
  const [port, distribution] = [await freePort(), await freePort()];
  const url = `amqp://guest:guest@127.0.0.1:${port}/`;
  await mkdir(join(folder, "log"));
  await writeFile(join(folder, "enabled_plugins"), "[].\n");
  await writeFile(join(folder, "rabbitmq.conf"), settings.map((line) => `${line}\n`).join(""));
  await writeFile(join(folder, ".erlang.cookie"), `millrace${process.pid}`, { mode: 0o400 });
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    RABBITMQ_NODENAME: `millrace${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };

  async function start(): Promise<ChildProcess> {
    // In a separate process group, because the script runs the virtual machine as a child.
    const started = spawn(SCRIPT, [], { env, stdio: "ignore", detached: true });
    for (const deadline = Date.now() + BOOT_MS; ; ) {
      try {
        // A node that has just started may accept a connection and never answer.
        await (await connect(url, { timeout: CONNECT_MS })).close();
        return started;
      } catch (error) {
        if (Date.now() > deadline || started.exitCode !== null) {
          if (started.exitCode === null) crash(started);
          throw error;
        }
        await sleep(200);
      }
    }
  }

  return ownServer({
    url,
    folder,
    start,
    crash,
  });
}

function crash(script: ChildProcess): void {
  process.kill(-script.pid!, "SIGKILL");
}
