import { setTimeout as sleep } from "node:timers/promises";
import type { MillraceError } from "../../errors.ts";
import type { Broker, BrokerCapabilities } from "../../ports/broker.ts";
import { assertReachable, checkHealth, createAdmin, createProducer } from "./client.ts";
import { openConsumer, type QueueConsumer } from "./consumer.ts";
import { closedError, toError } from "./errors.ts";
import { deadTopicOf, topicOf } from "./names.ts";
import { createPublisher, maxRecordBytes } from "./publisher.ts";
import { readFirst, waitingIn } from "./reading.ts";
import { type KafkaOptions, parseKafkaUrl } from "./settings.ts";
import { createTopics } from "./topics.ts";

const capabilities: BrokerCapabilities = {
  durable: true,
  depth: true,
  ownershipMs: null,
  deadLetters: true,
  // Kafka does not record deliveries that end with their process.
  countsDeliveries: false,
  maxPayloadBytes: maxRecordBytes,
};

/**
 * Queues on Kafka: one topic and one consumer group each. At most as many processes as the topic has partitions receive
 * messages at once; within a process any number may be in flight, even from one partition. Acknowledged messages stay
 * in the topic until Kafka's retention removes them. Messages that nobody took by then are lost with them; the
 * scheduler publishes those again.
 */
export async function openKafkaBroker(url: string, options: KafkaOptions = {}): Promise<Broker> {
  const settings = parseKafkaUrl(url, options);
  const admin = createAdmin(settings);
  const producer = createProducer(settings);
  const topics = createTopics(admin, settings);
  const publisher = createPublisher(producer, topics);
  const consumers = new Map<QueueConsumer, string>();
  const name = (queue: string) => topicOf(settings.prefix, queue);
  let closing: Promise<void> | null = null;

  async function close(): Promise<void> {
    await Promise.all([...consumers.keys()].map((consumer) => consumer.end()));
    await publisher.close();
    const ended = Promise.allSettled([producer.close(), admin.close()]);
    await Promise.race([ended, sleep(1_000, undefined, { ref: false })]);
  }

  /** Calls Kafka, unless the broker is closed. */
  async function request<T>(doing: string, run: () => Promise<T>): Promise<T> {
    if (closing) throw closedError();
    try {
      return await run();
    } catch (error) {
      throw toError(error, doing);
    }
  }

  try {
    await assertReachable(admin, settings);
  } catch (error) {
    await Promise.allSettled([producer.close(), admin.close()]);
    throw error;
  }

  return {
    name: "kafka",
    capabilities,

    async publish(queue, messages) {
      if (messages.length === 0) return [];
      const topic = name(queue);
      try {
        await request("publishing", () => topics.ensure(topic));
      } catch (error) {
        return messages.map(() => ({ ok: false, error: error as MillraceError }));
      }
      return publisher.send(messages.map(({ id, payload }) => ({ topic, key: id, value: payload })));
    },

    async consume(queue, options, handler) {
      if (closing) throw closedError();
      if (options.signal?.aborted) return { close: async () => {} };
      const topic = name(queue);
      await request("setting up the queue", () => topics.ensure(topic));
      const parts = { settings, admin, topics, publisher };
      const consumer = await openConsumer(parts, queue, topic, options, handler);
      consumers.set(consumer, topic);
      options.signal?.addEventListener("abort", () => void consumer.close(), { once: true });
      if (closing || options.signal?.aborted) await consumer.close();
      return { close: () => consumer.close() };
    },

    depth: (queue) =>
      request("counting", async () => {
        const topic = name(queue);
        const own = [...consumers].filter(([, one]) => one === topic).map(([one]) => one.progress());
        return (await topics.exists(topic)) ? waitingIn(admin, topic, own) : 0;
      }),

    deadLetters: (queue, limit) =>
      request("reading dead letters", async () => {
        const topic = deadTopicOf(name(queue));
        return (await topics.exists(topic)) ? readFirst(settings, topic, limit) : [];
      }),

    async health() {
      if (closing) throw closedError();
      await checkHealth(admin);
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}
