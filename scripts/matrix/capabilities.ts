import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqsBroker } from "../../src/adapters/aws/broker.ts";
import { openKafkaBroker } from "../../src/adapters/kafka/broker.ts";
import { openPostgresBroker } from "../../src/adapters/postgres/broker.ts";
import { openRabbitBroker } from "../../src/adapters/rabbitmq/broker.ts";
import { openRedisBroker } from "../../src/adapters/redis/broker.ts";
import { sqliteBroker } from "../../src/adapters/sqlite/broker.ts";
import { connectWriter, startWriter } from "../../src/adapters/sqlite/client.ts";
import type { Broker, BrokerCapabilities } from "../../src/ports/broker.ts";
import { cleaners } from "../../test/crash/cleaning.ts";
import { serviceUrls } from "../../test/services.ts";
import { table } from "./page.ts";

export type Capabilities = { name: string; capabilities: BrokerCapabilities };

/** Capabilities of each broker, opened as a user would, and the brokers that could not be opened. */
export async function openBrokers(): Promise<{
  open: Capabilities[];
  missing: { name: string; missing: string }[];
}> {
  const open: Capabilities[] = [];
  const missing: { name: string; missing: string }[] = [];
  const urls = serviceUrls(`matrix-${process.pid}`);
  const openers: Record<string, () => Promise<Broker>> = {
    postgres: () => openPostgresBroker(urls.postgres),
    redis: () => openRedisBroker(bare(urls.redis)),
    rabbitmq: () => openRabbitBroker(bare(urls.rabbitmq)),
    kafka: () => openKafkaBroker(urls.kafka),
    sqs: () => openSqsBroker(urls.sqs),
  };
  open.push(await embedded());
  for (const [name, opener] of Object.entries(openers)) {
    try {
      const broker = await opener();
      open.push({ name, capabilities: broker.capabilities });
      await broker.close();
      if (name === "postgres") await cleaners.postgres(urls.postgres);
    } catch (error) {
      missing.push({ name, missing: (error as Error).message });
    }
  }
  return { open, missing };
}

async function embedded(): Promise<Capabilities> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-matrix-"));
  const writer = await startWriter({ path: join(folder, "millrace.db"), publishes: true });
  const broker = sqliteBroker(await connectWriter(writer.socketPath));
  const { capabilities } = broker;
  await broker.close();
  await writer.close();
  await rm(folder, { recursive: true, force: true });
  return { name: "sqlite", capabilities };
}

function bare(url: string): string {
  const parsed = new URL(url);
  parsed.searchParams.delete("prefix");
  return parsed.href;
}

export function capabilitiesTable(brokers: readonly Capabilities[]): string {
  const flag = (value: boolean) => (value ? "yes" : "no");
  const rows: [string, (broker: Capabilities) => string][] = [
    [
      "a confirmed message survives a restart of the server",
      // The adapter asks the server, and the local one may not sync each write.
      ({ name, capabilities }) =>
        name === "redis" ? "with `appendfsync always`" : flag(capabilities.durable),
    ],
    ["tells how many messages wait", ({ capabilities }) => flag(capabilities.depth)],
    ["has a dead-letter queue of its own", ({ capabilities }) => flag(capabilities.deadLetters)],
    ["counts redeliveries", ({ capabilities }) => flag(capabilities.countsDeliveries)],
    [
      "a delivery in hand belongs to its process",
      ({ capabilities: { ownershipMs } }) =>
        ownershipMs === null ? "while it is connected" : `for ${ownershipMs / 1_000} s after its last sign`,
    ],
    ["largest message", ({ capabilities }) => `${Math.floor(capabilities.maxPayloadBytes / 1_024)} KiB`],
  ];
  return table(
    ["", ...brokers.map((broker) => broker.name)],
    rows.map(([what, cell]) => [what, ...brokers.map(cell)]),
  );
}
