import { setTimeout as sleep } from "node:timers/promises";
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
  // Records could be deleted, but not those that other processes have fetched already.
  ownershipMs: null,
  deadLetters: true,
  // Deliveries that end with their process leave no trace in Kafka.
  countsDeliveries: false,
  maxPayloadBytes: maxRecordBytes,
};

/**
 * Queues on Kafka: a topic and a consumer group each. At most as many processes as the topic has
 * partitions get messages at once; within a process any number of them are under way, also of one
 * partition. Acknowledged messages stay in the topic until Kafka's retention removes them, and messages
 * that nobody took in that time go with them: the scheduler publishes those again.
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
      if (closing) return messages.map(() => ({ ok: false, error: closedError() }));
      try {
        await topics.ensure(topic);
      } catch (error) {
        const failure = toError(error, "publishing");
        return messages.map(() => ({ ok: false, error: failure }));
      }
      return publisher.send(messages.map(({ id, payload }) => ({ topic, key: id, value: payload })));
    },

    async consume(queue, options, handler) {
      if (closing) throw closedError();
      if (options.signal?.aborted) return { close: async () => {} };
      const topic = name(queue);
      await topics.ensure(topic).catch((error) => {
        throw toError(error, "setting up the queue");
      });
      const parts = { settings, admin, topics, publisher };
      const consumer = await openConsumer(parts, queue, topic, options, handler);
      consumers.set(consumer, topic);
      options.signal?.addEventListener("abort", () => void consumer.close(), { once: true });
      if (closing || options.signal?.aborted) await consumer.close();
      return { close: () => consumer.close() };
    },

    async depth(queue) {
      if (closing) throw closedError();
      const topic = name(queue);
      const own = [...consumers].filter(([, one]) => one === topic).map(([consumer]) => consumer.progress());
      try {
        return (await topics.exists(topic)) ? await waitingIn(admin, topic, own) : 0;
      } catch (error) {
        throw toError(error, "counting");
      }
    },

    async deadLetters(queue, limit) {
      if (closing) throw closedError();
      const topic = deadTopicOf(name(queue));
      try {
        return (await topics.exists(topic)) ? await readFirst(settings, topic, limit) : [];
      } catch (error) {
        throw toError(error, "reading dead letters");
      }
    },

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
