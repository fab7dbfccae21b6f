import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists, find, installPackages } from "./debian.ts";
import { answersTo } from "./probe.ts";
import type { Service } from "./service.ts";

/** Unused queues are deleted after this time. Thousands of quorum queues of earlier tests would slow the server down. */
const UNUSED_MS = 300_000;
const SCRIPTS = "/usr/lib/rabbitmq/bin";

export const rabbitmq: Service = {
  name: "rabbitmq",
  variable: "MILLRACE_TEST_AMQP",
  urls: ["amqp://guest:guest@127.0.0.1:5672", "amqp://guest:guest@127.0.0.1:15673"],

  // The server responds to the protocol header with `connection.start`: class 10, method 10 in frame type 1.
  answers: (url) =>
    answersTo(
      url,
      Buffer.from("AMQP\x00\x00\x09\x01", "latin1"),
      (answer) => answer.length >= 11 && answer[0] === 1 && answer.readUInt32BE(7) === 0x000a_000a,
    ),

  /** Rejects if the server does not accept the URL's user. */
  async afterStart(url) {
    const { connect } = await import("amqplib");
    await (await connect(url, { timeout: 5_000 })).close();
  },

  async prepare(folder) {
    await deleteUnused(folder).catch((error: Error) =>
      console.error(`RabbitMQ will keep unused queues: ${error.message}`),
    );
  },

  async install() {
    if (!(await program())) await installPackages(["rabbitmq-server"]);
  },

  async command(url, folder) {
    const port = Number(new URL(url).port);
    const config = join(folder, "rabbitmq.conf");
    await writeFile(config, `listeners.tcp.default = 127.0.0.1:${port}\n`);
    return {
      program: (await program())!,
      args: [],
      env: {
        ...nodeOf(folder),
        RABBITMQ_CONFIG_FILE: config,
        RABBITMQ_DIST_PORT: String(port + 20_000),
        // By default, Erlang's port mapper and the cluster port listen on all interfaces.
        ERL_EPMD_ADDRESS: "127.0.0.1",
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
        RABBITMQ_MNESIA_BASE: join(folder, "data"),
        RABBITMQ_LOG_BASE: join(folder, "log"),
        RABBITMQ_PID_FILE: join(folder, "rabbitmq.pid"),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
      },
    };
  },
};

function nodeOf(folder: string) {
  return {
    HOME: folder,
    RABBITMQ_NODENAME: "millrace@localhost",
    // Ignore the settings of the machine's own server.
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
  };
}

async function deleteUnused(folder: string): Promise<void> {
  const script = join(SCRIPTS, "rabbitmqctl");
  const policy = JSON.stringify({ expires: UNUSED_MS });
  await promisify(execFile)(
    (await exists(script)) ? script : "rabbitmqctl",
    [
      "--node",
      nodeOf(folder).RABBITMQ_NODENAME,
      "set_policy",
      "unused",
      ".*",
      policy,
      "--apply-to",
      "queues",
    ],
    { env: { ...process.env, ...nodeOf(folder) }, timeout: 30_000 },
  );
}

/** Debian's `rabbitmq-server` only runs as root or rabbitmq, but the script behind it has no such restriction. */
async function program(): Promise<string | null> {
  const script = join(SCRIPTS, "rabbitmq-server");
  return (await exists(script)) ? script : find("rabbitmq-server");
}
