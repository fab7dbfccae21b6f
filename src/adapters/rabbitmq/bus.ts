import { setTimeout as sleep } from "node:timers/promises";
import type { Channel, ConfirmChannel } from "amqplib";
import { backoffMs } from "../../domain/backoff.ts";
import { MillraceError } from "../../errors.ts";
import type { Bus, BusHandler } from "../../ports/bus.ts";
import { openLink, patiently, unavailable } from "./connection.ts";

export interface RabbitBusOptions {
  /** Begins the name of the exchange, `PREFIX.bus`. @default "millrace" */
  prefix?: string;
}

interface Listener {
  handler: BusHandler;
  onGap: (() => void) | undefined;
}

interface Ears {
  channel: Channel;
  queue: string;
}

const MAX_MESSAGE_BYTES = 7_000;
const ANSWER_MS = 5_000;
const HEALTH_MS = 2_000;

/**
 * One exchange, and one exclusive queue a process that goes when its connection goes. The queue is bound by
 * topic, so that a process is sent only what it listens to.
 */
export async function openRabbitBus(url: string, options: RabbitBusOptions = {}): Promise<Bus> {
  const exchange = `${options.prefix ?? "millrace"}.bus`;
  const link = await openLink(url, "bus");
  const listeners = new Map<string, Set<Listener>>();
  let ears: Promise<Ears> | undefined;
  let mouth: Promise<ConfirmChannel> | undefined;
  let closed = false;
  const refusal = () => new MillraceError("closed", "The connection to RabbitMQ is closed");

  /** Keeps what `open` gives until its channel closes. */
  function keep<T>(
    open: () => Promise<T>,
    channelOf: (opened: T) => Channel,
    forget: () => void,
  ): Promise<T> {
    const opened = open();
    opened.then((result) => channelOf(result).on("close", forget), forget);
    return opened;
  }

  function speaking(): Promise<ConfirmChannel> {
    const model = link.model();
    mouth ??= keep(
      async () => {
        const channel = await model.createConfirmChannel();
        channel.on("error", () => {});
        await channel.assertExchange(exchange, "direct", { durable: true });
        return channel;
      },
      (channel) => channel,
      () => {
        mouth = undefined;
      },
    );
    return mouth;
  }

  function listening(): Promise<Ears> {
    const model = link.model();
    ears ??= keep(
      async () => {
        const channel = await model.createChannel();
        channel.on("error", () => {});
        await channel.assertExchange(exchange, "direct", { durable: true });
        const { queue } = await channel.assertQueue("", {
          exclusive: true,
          autoDelete: true,
          durable: false,
        });
        await channel.consume(
          queue,
          (message) => (message ? hear(message.fields.routingKey, message.content) : channel.close()),
          {
            noAck: true,
          },
        );
        for (const topic of listeners.keys()) await channel.bindQueue(queue, exchange, topic);
        return { channel, queue };
      },
      ({ channel }) => channel,
      () => {
        ears = undefined;
        void listenAgain();
      },
    );
    return ears;
  }

  function hear(topic: string, content: Buffer): void {
    const text = content.toString();
    for (const { handler } of [...(listeners.get(topic) ?? [])]) attempt(() => handler(text));
  }

  let again = false;
  /** Until it succeeds, or there is no connection: the next one calls again. */
  async function listenAgain(): Promise<void> {
    if (again) return;
    again = true;
    for (let tries = 1; !closed && listeners.size > 0; tries++) {
      try {
        link.model();
      } catch {
        break;
      }
      try {
        await listening();
        for (const { onGap } of [...listeners.values()].flatMap((some) => [...some]))
          if (onGap) attempt(onGap);
        break;
      } catch {
        const ms = backoffMs(tries, { baseMs: 100, maxMs: 3_000 }, Math.random());
        await sleep(ms);
      }
    }
    again = false;
  }
  link.onConnect(() => void listenAgain());

  async function request<T>(ms: number, run: () => Promise<T>): Promise<T> {
    if (closed) throw refusal();
    try {
      return await patiently(ms, run());
    } catch (error) {
      throw unavailable(error);
    }
  }

  return {
    name: "rabbitmq",

    async publish(topic, text) {
      if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
        throw new MillraceError("payload_too_large", `A message may have ${MAX_MESSAGE_BYTES} bytes`);
      }
      await request(ANSWER_MS, async () => {
        const channel = await speaking();
        await new Promise<void>((resolve, reject) => {
          const confirm = (error: unknown) => (error ? reject(error) : resolve());
          channel.publish(exchange, topic, Buffer.from(text), {}, confirm);
        });
      });
    },

    subscribe: (topic, handler, onGap) =>
      request(ANSWER_MS, async () => {
        const { channel, queue } = await listening();
        const listener = { handler, onGap };
        const some = listeners.get(topic) ?? new Set();
        listeners.set(topic, some.add(listener));
        const leave = async () => {
          if (!some.delete(listener) || some.size > 0 || closed) return;
          listeners.delete(topic);
          const current = await ears?.catch(() => undefined);
          // Refused while disconnected: then the binding is gone with its queue anyway.
          if (!listeners.has(topic))
            await current?.channel.unbindQueue(current.queue, exchange, topic).catch(() => {});
        };
        try {
          await channel.bindQueue(queue, exchange, topic);
        } catch (error) {
          await leave();
          throw error;
        }
        return { close: leave };
      }),

    health: () => request(HEALTH_MS, async () => void (await (await speaking()).checkExchange(exchange))),

    async close() {
      if (closed) return;
      closed = true;
      listeners.clear();
      await link.close();
    },
  };
}

/** A handler's own failure is not the bus's. */
function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error), { code: "MILLRACE_BUS_HANDLER" });
  }
}
