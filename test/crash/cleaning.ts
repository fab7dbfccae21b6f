import { DeleteQueueCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { connect } from "amqplib";
import { Redis } from "ioredis";
import pg from "pg";
import { parseSqsUrl, sqsClient } from "../../src/adapters/aws/sqs-location.ts";
import { removeTopics } from "../../src/adapters/kafka/testing.ts";

/** The queues of all pipelines that a campaign's workers have. */
const queues = ["crash.test/work", "crash.test/gather", "image.convert/convert"];

/** Removes a test's data from a shared server, given the URL that the test used. */
export const cleaners = {
  async postgres(url: string): Promise<void> {
    const { value, href } = stripped(url, "schema");
    const client = new pg.Client({ connectionString: href });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS "${value}" CASCADE`);
    await client.end();
  },
  async redis(url: string): Promise<void> {
    const { value: prefix, href } = stripped(url, "prefix");
    const redis = new Redis(href);
    for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...(keys as string[]));
    }
    redis.disconnect();
  },
  async rabbitmq(url: string): Promise<void> {
    const { value: prefix, href } = stripped(url, "prefix");
    const connection = await connect(href);
    const channel = await connection.createChannel();
    for (const queue of queues) {
      await channel.deleteQueue(`${prefix}:${queue}`);
      await channel.deleteQueue(`${prefix}:${queue}:dead`);
    }
    for (const exchange of [prefix, `${prefix}.dead`, `${prefix}.bus`])
      await channel.deleteExchange(exchange);
    await connection.close();
  },
  async kafka(url: string): Promise<void> {
    await removeTopics(stripped(url, "prefix").value);
  },
  async sqs(url: string): Promise<void> {
    const location = parseSqsUrl(url);
    const client = sqsClient(location);
    const list = new ListQueuesCommand({ QueueNamePrefix: location.prefix });
    const { QueueUrls = [] } = await client.send(list);
    for (const QueueUrl of QueueUrls) await client.send(new DeleteQueueCommand({ QueueUrl }));
    client.destroy();
  },
};

function stripped(url: string, parameter: string): { href: string; value: string } {
  const parsed = new URL(url);
  const value = parsed.searchParams.get(parameter) ?? "";
  parsed.searchParams.delete(parameter);
  return { href: parsed.href, value };
}
