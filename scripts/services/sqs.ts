import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchJars, java } from "./maven.ts";
import type { Service } from "./service.ts";

const port = Number(process.env.MILLRACE_SQS_PORT ?? 14_566);

/**
 * ElasticMQ: long polls return as soon as a message becomes visible, receipts expire, redrive policies and Amazon's
 * limits apply, and messages survive a restart. fauxqs starts faster, but listens on all interfaces, and fails for a
 * visibility timeout of 0 with persistence. Neither checks signatures.
 */
export const sqs: Service = {
  name: "sqs",
  variable: "MILLRACE_TEST_SQS",
  urls: [`sqs://test:test@127.0.0.1:${port}/?region=us-east-1`],

  async answers(url) {
    const list = `http://${new URL(url).host}/?Action=ListQueues`;
    const answer = await fetch(list, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    return answer?.ok ?? false;
  },

  install: (folder) => fetchJars(folder, ["org.elasticmq:elasticmq-server_2.13:1.7.1"]),

  async command(_url, folder) {
    const config = join(folder, "elasticmq.conf");
    await writeFile(config, `${settings(folder).join("\n")}\n`);
    const quiet = join(folder, "logback.xml");
    await writeFile(quiet, '<configuration><root level="WARN"/></configuration>\n');
    const properties = [`config.file=${config}`, `logback.configurationFile=${quiet}`];
    return java(folder, 256, "org.elasticmq.server.Main", [], properties);
  },
};

function settings(folder: string): string[] {
  return [
    'include classpath("application.conf")',
    `node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }`,
    `rest-sqs { enabled = true, bind-hostname = "127.0.0.1", bind-port = ${port}, sqs-limits = strict }`,
    "rest-stats { enabled = false }",
    `messages-storage { enabled = true, uri = ${JSON.stringify(`jdbc:h2:${join(folder, "data", "messages")}`)} }`,
    `queues-storage { enabled = true, path = ${JSON.stringify(join(folder, "data", "queues.conf"))} }`,
    'aws { region = "us-east-1", accountId = "000000000000" }',
  ];
}
