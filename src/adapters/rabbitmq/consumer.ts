import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "amqplib";
import { backoffMs } from "../../domain/backoff.ts";
import { MillraceError } from "../../errors.ts";
import type { Consumer } from "../../ports/broker.ts";
import { closeChannel, type Link, patiently } from "./connection.ts";
import { createDeliveries, type Deliveries, type DeliveriesSetup, lost } from "./deliveries.ts";
import { declareQueue, REDECLARE_AFTER_MS, type Topology } from "./topology.ts";

export interface QueueConsumer extends Consumer {
  /** Whether everything it was handed has been settled or returned. */
  isEmpty(): boolean;
  /** Waits for settlements in flight; the rest comes again when the connection closes. */
  drain(): Promise<void>;
}

interface Attached {
  channel: Channel;
  consumerTag: string;
  deliveries: Deliveries;
}

const CLOSE_MS = 2_000;
const FIRST_ATTEMPTS = 5;

/** Consumes on its own channel, and on a new one after the channel, queue or connection is lost. */
export async function startConsumer(
  link: Link,
  topology: Topology,
  setup: DeliveriesSetup,
): Promise<QueueConsumer> {
  let attached: Attached | undefined;
  let attaching = false;
  let closing: Promise<void> | undefined;

  async function attach(): Promise<void> {
    const channel = await link.model().createChannel();
    channel.on("error", () => {});
    let deliveries: Deliveries | undefined;
    let gone = false;
    const ended = () => {
      gone = true;
      deliveries?.lose(setup.refusal() ?? lost());
      if (attached?.channel === channel) {
        attached = undefined;
        void reattach();
      }
    };
    channel.on("close", ended);
    try {
      await declareQueue(channel, topology, setup.queue);
      await channel.prefetch(setup.prefetch);
      const received = createDeliveries(channel, setup, () => closing && closeChannel(channel));
      deliveries = received;
      const { consumerTag } = await channel.consume(setup.queue, (message) => {
        // The queue was deleted, or its leader moved: start over.
        if (!message) setTimeout(() => void closeChannel(channel), REDECLARE_AFTER_MS);
        else if (closing) channel.nack(message, false, true);
        else received.deliver(message);
      });
      if (gone || closing) throw new Error("closed during setup");
      attached = { channel, consumerTag, deliveries: received };
    } catch (error) {
      await closeChannel(channel);
      throw error;
    }
  }

  /** Retries until it succeeds or the connection is lost; the next connection calls it again. */
  async function reattach(): Promise<void> {
    if (attaching) return;
    attaching = true;
    for (let attempt = 1; !closing && !attached; attempt++) {
      try {
        link.model();
      } catch {
        break;
      }
      await attach().catch(() => {
        const ms = backoffMs(attempt, { baseMs: 100, maxMs: 3_000 }, Math.random());
        return sleep(ms);
      });
    }
    attaching = false;
  }

  async function close(): Promise<void> {
    if (!attached) return;
    const { channel, consumerTag, deliveries } = attached;
    await patiently(CLOSE_MS, channel.cancel(consumerTag)).catch(() => {});
    if (deliveries.isEmpty()) await closeChannel(channel);
  }

  /** RabbitMQ may close the connection of a consumer of a quorum queue that another client is just creating. */
  async function attachFirst(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attach();
      } catch (error) {
        if (attempt === FIRST_ATTEMPTS || (error instanceof MillraceError && !error.retryable)) throw error;
        await sleep(attempt * 100);
      }
    }
  }

  await attachFirst();
  const unlisten = link.onConnect(() => void reattach());
  return {
    close() {
      closing ??= Promise.resolve().then(close);
      unlisten();
      return closing;
    },
    isEmpty: () => attached?.deliveries.isEmpty() ?? true,
    async drain() {
      await attached?.deliveries.drain();
    },
  };
}
