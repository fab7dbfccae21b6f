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
  // 4.3.1 is the newest whose jars are all published, and it runs on Java 17.
  install: (folder) =>
    fetchJars(folder, ["org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36"]),
  command: kafkaCommand,
};

/** Sends an ApiVersions request of version 0 (key 18) with correlation id 7; the answer repeats the id. */
export function kafkaAnswers(url: string): Promise<boolean> {
  return answersTo(
    url,
    Buffer.from([0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, 0x70]),
    (answer) => answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0,
  );
}

/**
 * A real single-node Kafka in KRaft mode, run from the jars in `folder/lib`: no Docker, no ZooKeeper.
 * @param more further lines of its properties; a later line counts
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
    // A group need not wait for members that might come: tests have one at first.
    "group.initial.rebalance.delay.ms=0",
    // Tests make hundreds of topics: small index files, and deleted ones go soon.
    "log.index.size.max.bytes=65536",
    "log.segment.delete.delay.ms=1000",
    "log.cleaner.dedupe.buffer.size=8388608",
    "log.retention.hours=24",
  ];
}

/**
 * Kafka tells its clients where to connect next, past any proxy. These listeners name the port above their
 * own as their address: a test that puts a proxy there can cut the line.
 */
function proxied(first: number): string {
  return `ONE://127.0.0.1:${first},TWO://127.0.0.1:${first + 2}`;
}
