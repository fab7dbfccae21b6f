import { answers } from "./probe.ts";

/** Adds the parameter that isolates an installation on a shared server. */
export function within(url: string, parameter: "schema" | "prefix", value: string): string {
  const parsed = new URL(url);
  parsed.searchParams.set(parameter, value);
  return parsed.href;
}

/**
 * Removes an installation's data from shared servers. If a broker no longer responds, its data stays.
 * @param queues names of Millrace's queues, because RabbitMQ cannot list them
 */
export async function cleanersOf(
  urls: { store: string; broker: string },
  queues: readonly string[],
): Promise<void> {
  await cleaners["postgres:"]!(urls.store, queues);
  if (urls.broker !== urls.store && (await answers(urls.broker)))
    await cleaners[new URL(urls.broker).protocol]!(urls.broker, queues);
}

const cleaners: Record<string, (url: string, queues: readonly string[]) => Promise<void>> = {
  async "postgres:"(url) {
    const { href, value } = stripped(url, "schema");
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: href });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS "${value}" CASCADE`).finally(() => client.end());
  },
  async "redis:"(url) {
    const { href, value } = stripped(url, "prefix");
    const { Redis } = await import("ioredis");
    const redis = new Redis(href);
    for await (const keys of redis.scanStream({ match: `${value}:*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...(keys as string[]));
    }
    redis.disconnect();
  },
  async "amqp:"(url, queues) {
    const { href, value } = stripped(url, "prefix");
    const { connect } = await import("amqplib");
    const connection = await connect(href);
    const channel = await connection.createChannel();
    for (const queue of queues) {
      await channel.deleteQueue(`${value}:${queue}`);
      await channel.deleteQueue(`${value}:${queue}:dead`);
    }
    for (const exchange of [value, `${value}.dead`, `${value}.bus`]) await channel.deleteExchange(exchange);
    await connection.close();
  },
  async "kafka:"(url) {
    const { value } = stripped(url, "prefix");
    const { Admin } = await import("@platformatic/kafka");
    const admin = new Admin({ clientId: "millrace-study", bootstrapBrokers: [new URL(url).host] });
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${value}.`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.close();
  },
};

function stripped(url: string, parameter: string): { href: string; value: string } {
  const parsed = new URL(url);
  const value = parsed.searchParams.get(parameter)!;
  parsed.searchParams.delete(parameter);
  return { href: parsed.href, value };
}
