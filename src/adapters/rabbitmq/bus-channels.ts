import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ConfirmChannel } from "amqplib";
import { backoffMs } from "../../domain/backoff.ts";
import type { Subscribers } from "../subscribers.ts";
import type { Link } from "./connection.ts";

/** The current publishing channel. Throws `unavailable` while there is no connection. */
export function publishingChannel(link: Link, exchange: string): () => Promise<ConfirmChannel> {
  let kept: Promise<ConfirmChannel> | undefined;
  return () => {
    const model = link.model();
    kept ??= keepOpen(
      async () => {
        const channel = await model.createConfirmChannel();
        channel.on("error", () => {});
        await channel.assertExchange(exchange, "direct", { durable: true });
        return channel;
      },
      (channel) => channel,
      () => {
        kept = undefined;
      },
    );
    return kept;
  };
}

/** This process's queue and its bindings. */
export interface Ears {
  /** Opens the queue, if it is not open. Throws `unavailable` while there is no connection. */
  open(): Promise<unknown>;
  bind(topic: string): Promise<void>;
  unbind(topic: string): Promise<void>;
  /** Stops listening after the next disconnect. */
  close(): void;
}

interface Opened {
  channel: Channel;
  queue: string;
}

/** Listens for all subscribers, and again whenever the channel or the connection is back. */
export function openEars(link: Link, exchange: string, subscribers: Subscribers): Ears {
  let kept: Promise<Opened> | undefined;
  let isReturning = false;
  let closed = false;

  function open(): Promise<Opened> {
    const model = link.model();
    kept ??= keepOpen(
      async () => consume(await model.createChannel(), exchange, subscribers),
      ({ channel }) => channel,
      () => {
        kept = undefined;
        void openAgain();
      },
    );
    return kept;
  }

  /** Retries until it succeeds or the connection is lost; the next connection calls it again. */
  async function openAgain(): Promise<void> {
    if (isReturning) return;
    isReturning = true;
    for (let tries = 1; !closed && subscribers.channels.length > 0; tries++) {
      try {
        link.model();
      } catch {
        break;
      }
      try {
        await open();
        subscribers.tellOfGap();
        break;
      } catch {
        await sleep(backoffMs(tries, { baseMs: 100, maxMs: 3_000 }, Math.random()));
      }
    }
    isReturning = false;
  }
  link.onConnect(() => void openAgain());

  return {
    open,
    async bind(topic) {
      const { channel, queue } = await open();
      await channel.bindQueue(queue, exchange, topic);
    },
    async unbind(topic) {
      const current = await kept?.catch(() => undefined);
      // Fails while disconnected: the binding is then gone with its queue anyway.
      if (!subscribers.has(topic))
        await current?.channel.unbindQueue(current.queue, exchange, topic).catch(() => {});
    },
    close() {
      closed = true;
    },
  };
}

async function consume(channel: Channel, exchange: string, subscribers: Subscribers): Promise<Opened> {
  channel.on("error", () => {});
  await channel.assertExchange(exchange, "direct", { durable: true });
  const { queue } = await channel.assertQueue("", { exclusive: true, autoDelete: true, durable: false });
  await channel.consume(
    queue,
    (message) => {
      if (message) subscribers.tell(message.fields.routingKey, message.content.toString());
      else void channel.close();
    },
    { noAck: true },
  );
  for (const topic of subscribers.channels) await channel.bindQueue(queue, exchange, topic);
  return { channel, queue };
}

/** Caches the result of `open`; calls `forget` if that fails, or when its channel closes. */
function keepOpen<T>(
  open: () => Promise<T>,
  channelOf: (opened: T) => Channel,
  forget: () => void,
): Promise<T> {
  const opened = open();
  opened.then((result) => channelOf(result).on("close", forget), forget);
  return opened;
}
