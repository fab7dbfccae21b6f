import type { Channel, ChannelModel, Replies } from "amqplib";
import { MillraceError } from "../../errors.ts";

/**
 * What an operator sees in RabbitMQ: the direct exchange `millrace`, one durable quorum queue per queue, with the same
 * name, the direct exchange `millrace.dead`, and for each queue its dead letters, `NAME:dead`. Queue names contain no
 * colon, so no queue can be another's dead-letter queue.
 */
export interface Topology {
  exchange: string;
  deadExchange: string;
  /** Redeliveries after which RabbitMQ itself dead-letters a message. */
  deliveryLimit: number;
}

/** The store keeps the dead letters; these are copies for operators, and the oldest are dropped first. */
const DEAD_LENGTH = 10_000;

/**
 * Delay before a deleted quorum queue is declared again, in ms: RabbitMQ (3.10) loses messages of a new queue with the
 * same name until all consumers know of the old one's end.
 */
export const REDECLARE_AFTER_MS = 300;

export function topologyOf(prefix: string, deliveryLimit: number): Topology {
  return { exchange: prefix, deadExchange: `${prefix}.dead`, deliveryLimit };
}

export function deadQueueOf(queue: string): string {
  return `${queue}:dead`;
}

/** Idempotent, even if done concurrently. Returns how many messages are waiting in the queue. */
export async function declareQueue(channel: Channel, topology: Topology, queue: string): Promise<number> {
  const dead = deadQueueOf(queue);
  await channel.assertExchange(topology.exchange, "direct", { durable: true });
  await channel.assertExchange(topology.deadExchange, "direct", { durable: true });
  await assertQueue(channel, dead, {
    "x-max-length": DEAD_LENGTH,
    // Reading dead letters delivers them, and from RabbitMQ 4 on a default limit would drop them.
    "x-delivery-limit": 1_000_000,
  });
  await channel.bindQueue(dead, topology.deadExchange, queue);
  const declared = await assertQueue(channel, queue, {
    "x-delivery-limit": topology.deliveryLimit,
    "x-dead-letter-exchange": topology.deadExchange,
    "x-dead-letter-routing-key": queue,
    // The dead-letter queue confirms before the message leaves this one; this requires the overflow behavior.
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
  });
  await channel.bindQueue(queue, topology.exchange, queue);
  return declared.messageCount;
}

async function assertQueue(channel: Channel, name: string, settings: object): Promise<Replies.AssertQueue> {
  try {
    return await channel.assertQueue(name, {
      durable: true,
      arguments: { "x-queue-type": "quorum", ...settings },
    });
  } catch (error) {
    if ((error as { code?: number }).code !== 406) throw error;
    throw new MillraceError(
      "config_invalid",
      `RabbitMQ has a queue "${name}" with different settings: let it drain, then delete it`,
      { cause: error },
    );
  }
}

/** Runs `work` on its own channel: a refused operation closes its channel, but nothing else. */
export async function onChannel<T>(model: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await model.createChannel();
  channel.on("error", () => {});
  try {
    const result = await work(channel);
    await channel.close();
    return result;
  } catch (error) {
    await channel.close().catch(() => {});
    throw error;
  }
}
