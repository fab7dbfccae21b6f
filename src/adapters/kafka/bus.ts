import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "../../ports/bus.ts";
import { checkMessage } from "../check-message.ts";
import { Subscribers } from "../subscribers.ts";
import { busReader } from "./bus-reader.ts";
import { assertReachable, checkHealth, createAdmin, createProducer } from "./client.ts";
import { closedError, toError } from "./errors.ts";
import { createPublisher } from "./publisher.ts";
import { type KafkaOptions, parseKafkaUrl } from "./settings.ts";
import { createTopics } from "./topics.ts";

/**
 * One Kafka topic with a single partition carries the whole bus, so that a publisher's messages stay in order; the
 * bus's topics are its keys. Every process reads it from its end, without a group, so a process that goes away leaves
 * no state. Kafka deletes messages after an hour.
 */
export async function openKafkaBus(url: string, options: KafkaOptions = {}): Promise<Bus> {
  const settings = parseKafkaUrl(url, options);
  const admin = createAdmin(settings);
  const producer = createProducer(settings);
  const topics = createTopics(admin, settings);
  const publisher = createPublisher(producer, topics);
  const channel = `${settings.prefix}.bus`;
  const subscribers = new Subscribers();
  const ensureChannel = () =>
    topics.ensure(channel, {
      partitions: 1,
      configs: { "retention.ms": "3600000", "segment.ms": "3600000" },
    });
  const reader = busReader(settings, channel, subscribers, {
    ensure: ensureChannel,
    forget: () => topics.forget(channel),
  });
  let closing: Promise<void> | null = null;

  async function close(): Promise<void> {
    subscribers.clear();
    await publisher.close();
    const ended = Promise.allSettled([producer.close(), reader.close(), admin.close()]);
    await Promise.race([ended, sleep(1_000, undefined, { ref: false })]);
  }

  try {
    await assertReachable(admin, settings);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    name: "kafka",

    async publish(topic, message) {
      if (closing) throw closedError();
      checkMessage(message);
      await ensureChannel().catch((error) => {
        throw toError(error, "publishing");
      });
      const [result] = await publisher.send([{ topic: channel, key: topic, value: message, partition: 0 }]);
      if (!result!.ok) throw result!.error;
    },

    async subscribe(topic, handler, onGap) {
      if (closing) throw closedError();
      const remove = subscribers.add(topic, handler, onGap);
      try {
        await reader.listen();
      } catch (error) {
        remove();
        throw toError(error, "subscribing");
      }
      return { close: async () => void remove() };
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
