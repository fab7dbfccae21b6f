import { setTimeout as sleep } from "node:timers/promises";
import { Consumer } from "@platformatic/kafka";
import { MillraceError } from "../../errors.ts";
import type { Bus, BusHandler } from "../../ports/bus.ts";
import { assertReachable, checkHealth, clientOptions, createAdmin, createProducer } from "./client.ts";
import { closedError, toError } from "./errors.ts";
import { createFetcher, type Fetcher } from "./fetcher.ts";
import { createPublisher } from "./publisher.ts";
import { type KafkaOptions, parseKafkaUrl } from "./settings.ts";
import { createTopics } from "./topics.ts";

interface Ear {
  topic: string;
  handler: BusHandler;
  onGap: (() => void) | undefined;
}

const maxMessageBytes = 7_000;

/**
 * One Kafka topic with one partition carries the whole bus, so that the messages of a publisher stay in
 * order; the bus's topics are its keys. Every process reads it from its end, without a group: nothing is
 * remembered of a process that has gone. Kafka deletes what is older than an hour.
 */
export async function openKafkaBus(url: string, options: KafkaOptions = {}): Promise<Bus> {
  const settings = parseKafkaUrl(url, options);
  const admin = createAdmin(settings);
  const producer = createProducer(settings);
  const topics = createTopics(admin, settings);
  const publisher = createPublisher(producer, topics);
  const channel = `${settings.prefix}.bus`;
  const ears = new Set<Ear>();
  const source = { partition: 0, position: null as number | null, lost: false };
  const reader = new Consumer({ ...clientOptions(settings), groupId: `${channel}.reader` });
  let listening: Promise<Fetcher> | null = null;
  let interrupted = false;
  let closing: Promise<void> | null = null;

  const ensureChannel = () =>
    topics.ensure(channel, {
      partitions: 1,
      configs: { "retention.ms": "3600000", "segment.ms": "3600000" },
    });

  /** Starts to read at the end of the topic, once. */
  function listen(): Promise<Fetcher> {
    if (!listening) {
      listening = startListening();
      listening.catch(() => {
        listening = null;
      });
    }
    return listening;
  }

  async function startListening(): Promise<Fetcher> {
    await ensureChannel();
    reader.topics.track(channel);
    const ends = await reader.listOffsets({ topics: [channel], timestamp: -1n });
    source.position = Number(ends.get(channel)![0]);
    const fetcher = createFetcher(settings, reader, {
      topic: channel,
      sources: () => [source],
      received: (_source, _offset, record) =>
        tell(record.key?.toString() ?? "", record.value?.toString() ?? ""),
      done: () => {},
      failing(now) {
        interrupted ||= now;
        if (!now && interrupted) {
          interrupted = false;
          for (const ear of [...ears]) guarded(() => ear.onGap?.());
        }
      },
      missing() {
        topics.forget(channel);
        return ensureChannel();
      },
    });
    fetcher.pump();
    return fetcher;
  }

  function tell(topic: string, message: string): void {
    for (const ear of [...ears]) if (ear.topic === topic) guarded(() => ear.handler(message));
  }

  async function close(): Promise<void> {
    ears.clear();
    await publisher.close();
    await (await listening?.catch(() => null))?.close();
    const ended = Promise.allSettled([producer.close(), reader.close(true), admin.close()]);
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
      const bytes = Buffer.byteLength(message);
      if (bytes > maxMessageBytes) {
        throw new MillraceError(
          "payload_too_large",
          `The message has ${bytes} bytes; the bus takes ${maxMessageBytes}.`,
        );
      }
      await ensureChannel().catch((error) => {
        throw toError(error, "publishing");
      });
      const [result] = await publisher.send([{ topic: channel, key: topic, value: message, partition: 0 }]);
      if (!result!.ok) throw result!.error;
    },

    async subscribe(topic, handler, onGap) {
      if (closing) throw closedError();
      const ear = { topic, handler, onGap };
      ears.add(ear);
      try {
        await listen();
      } catch (error) {
        ears.delete(ear);
        throw toError(error, "subscribing");
      }
      return { close: async () => void ears.delete(ear) };
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

/** A listener's own failure is not the bus's. */
function guarded(run: () => void): void {
  try {
    run();
  } catch {
    // There is nobody to tell it to: the listener knows.
  }
}
