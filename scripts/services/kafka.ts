import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { exists } from "./debian.ts";
import { fetchJars, java } from "./maven.ts";
import { answersTo } from "./probe.ts";
import type { Command, Service } from "./service.ts";

const run = promisify(execFile);

export const kafka: Service = {
  name: "kafka",
  variable: "MILLRACE_TEST_KAFKA",
  urls: [`kafka://127.0.0.1:${process.env.MILLRACE_KAFKA_PORT ?? 19_092}`],
  answers: kafkaAnswers,
  // 4.3.1 is the latest version with all jars published. It runs on Java 17.
  install: (folder) =>
    fetchJars(folder, ["org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36"]),
  command: (url, folder) => kafkaCommand(url, folder),
};

/** Sends an ApiVersions request (key 18, version 0) with correlation id 7, which the response repeats. */
export function kafkaAnswers(url: string): Promise<boolean> {
  return answersTo(
    url,
    Buffer.from([0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, 0x70]),
    (answer) => answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0,
  );
}

/**
 * A real single-node Kafka in KRaft mode, run from the jars in `folder/lib`, without Docker or ZooKeeper.
 * @param more additional lines of its properties. Later lines override earlier ones
 */
export async function kafkaCommand(
  url: string,
  folder: string,
  more: readonly string[] = [],
): Promise<Command> {
  const config = join(folder, "server.properties");
  const lines = [...properties(Number(new URL(url).port), folder), ...more];
  await writeFile(config, `${lines.join("\n")}\n`);
  if (!(await exists(join(folder, "data", "meta.properties")))) {
    const id = Buffer.from("millrace-cluster").toString("base64url");
    const format = await java(folder, 128, "kafka.tools.StorageTool", ["format", "-t", id, "-c", config]);
    await run(format.program, format.args, { maxBuffer: 16 * 1024 * 1024 });
  }
  return java(folder, 384, "kafka.Kafka", [config], ["org.slf4j.simpleLogger.defaultLogLevel=warn"]);
}

function properties(port: number, folder: string): string[] {
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${port + 1}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1},${proxied(port + 2)}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port},${proxied(port + 3)}`,
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,ONE:PLAINTEXT,TWO:PLAINTEXT",
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    `log.dirs=${join(folder, "data")}`,
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=8",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    // Do not wait for more group members: tests start with one.
    "group.initial.rebalance.delay.ms=0",
    // Tests create hundreds of topics, so keep index files small and delete quickly.
    "log.index.size.max.bytes=65536",
    "log.segment.delete.delay.ms=1000",
    "log.cleaner.dedupe.buffer.size=8388608",
    "log.retention.hours=24",
  ];
}

/**
 * Kafka tells clients where to connect next, which bypasses proxies. These listeners advertise the port above their
 * own, so that a test can put a proxy there and cut the connection.
 */
function proxied(first: number): string {
  return `ONE://127.0.0.1:${first},TWO://127.0.0.1:${first + 2}`;
}
