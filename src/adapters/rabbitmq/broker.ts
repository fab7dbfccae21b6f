import { MillraceError } from "../../errors.ts";
import type { Broker, Message } from "../../ports/broker.ts";
import { keepConsumer } from "../open-consumers.ts";
import { type Link, openedWithin, openLink, patiently, unavailable } from "./connection.ts";
import { type QueueConsumer, startConsumer } from "./consumer.ts";
import { readDeadLetters } from "./dead-letters.ts";
import { prefixed } from "./prefixed.ts";
import { createPublisher } from "./publisher.ts";
import { declareQueue, onChannel, type Topology, topologyOf } from "./topology.ts";

export interface RabbitBrokerOptions {
  /** Name of the exchange, and prefix of the dead-letter exchange. @default "millrace" */
  prefix?: string;
  /**
   * Redeliveries after which RabbitMQ itself dead-letters a message. Well above a step's attempts, because the store
   * decides what is dead. Existing queues keep their limit. @default 100
   */
  deliveryLimit?: number;
}

const MAX_PAYLOAD_BYTES = 1024 * 1024;
const ANSWER_MS = 10_000;
const HEALTH_MS = 2_000;
/**
 * Creating the quorum queues of all steps takes a busy server a while. Heartbeats notice a dead one much earlier.
 */
const CONSUME_MS = 60_000;
/** RabbitMQ's prefetch field has 16 bits. */
const MAX_PREFETCH = 65_535;

/**
 * Publishes and consumes on separate connections: during an alarm RabbitMQ stops reading from connections that publish,
 * and acknowledgments must still get through.
 */
export async function openRabbitBroker(url: string, options: RabbitBrokerOptions = {}): Promise<Broker> {
  const topology = topologyOf(options.prefix ?? "millrace", options.deliveryLimit ?? 100);
  const link = await openLink(url, "publisher");
  const publisher = createPublisher(link, topology);
  const consumers = new Set<QueueConsumer>();
  let consuming: Promise<Link> | undefined;
  let closing: Promise<void> | undefined;
  let settlingRefused = false;

  const closed = () => new MillraceError("closed", "The connection to RabbitMQ is closed");

  const request = <T>(run: () => Promise<T>) => checked(() => patiently(ANSWER_MS, run()));

  async function checked<T>(run: () => Promise<T>): Promise<T> {
    if (closing) throw closed();
    try {
      return await run();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async function consumingLink(): Promise<Link> {
    consuming ??= openLink(url, "consumer");
    try {
      return await consuming;
    } catch (error) {
      consuming = undefined;
      throw error;
    }
  }

  async function close(): Promise<void> {
    const open = [...consumers];
    await Promise.all(open.map((consumer) => consumer.close()));
    await Promise.all([publisher.drain(), ...open.map((consumer) => consumer.drain())]);
    settlingRefused = true;
    await Promise.all([link.close(), consuming?.then((opened) => opened.close()).catch(() => {})]);
  }

  const broker: Broker = {
    name: "rabbitmq",
    capabilities: {
      durable: true,
      depth: true,
      ownershipMs: null,
      deadLetters: true,
      countsDeliveries: true,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
    },

    publish(queue, messages) {
      return Promise.all(
        messages.map((message) => {
          if (closing) return { ok: false as const, error: closed() };
          if (Buffer.byteLength(message.payload) > MAX_PAYLOAD_BYTES) {
            return { ok: false as const, error: tooLarge(message) };
          }
          return publisher.publish(queue, message);
        }),
      );
    },

    consume(queue, { prefetch, signal }, handler) {
      const start = async () => {
        const consumer = await startConsumer(await consumingLink(), topology, {
          queue,
          prefetch: Math.min(prefetch, MAX_PREFETCH),
          handler,
          refusal: () => (settlingRefused ? closed() : undefined),
        });
        return keepConsumer(consumers, consumer, signal, closing !== undefined);
      };
      return checked(() => openedWithin(CONSUME_MS, start()));
    },

    depth: (queue) =>
      request(() => onChannel(link.model(), (channel) => declareQueue(channel, topology, queue))),

    deadLetters: (queue, limit) =>
      request(() =>
        onChannel(link.model(), async (channel) => {
          await declareQueue(channel, topology, queue);
          return readDeadLetters(channel, queue, limit);
        }),
      ),

    health: () => request(() => patiently(HEALTH_MS, checkHealth(link, topology))),

    close() {
      closing ??= close();
      return closing;
    },
  };
  return options.prefix === undefined ? broker : prefixed(broker, options.prefix);
}

async function checkHealth(link: Link, { exchange }: Topology): Promise<void> {
  await onChannel(link.model(), (channel) => channel.assertExchange(exchange, "direct", { durable: true }));
  const alarm = link.blocked();
  if (alarm !== undefined) throw new Error(`RabbitMQ is not accepting messages: ${alarm}`);
}

function tooLarge(message: Message): MillraceError {
  const text = `The message ${message.id.slice(0, 100)} is larger than ${MAX_PAYLOAD_BYTES} bytes`;
  return new MillraceError("payload_too_large", text);
}
