import { MillraceError } from "../../errors.ts";
import type { Bus } from "../../ports/bus.ts";
import { checkMessage } from "../check-message.ts";
import { Subscribers } from "../subscribers.ts";
import { openEars, publishingChannel } from "./bus-channels.ts";
import { openedWithin, openLink, patiently, unavailable } from "./connection.ts";

export interface RabbitBusOptions {
  /** Prefix of the exchange, `PREFIX.bus`. @default "millrace" */
  prefix?: string;
}

const ANSWER_MS = 5_000;
const HEALTH_MS = 2_000;
/** Long, because processes that start together keep a server busy. Heartbeats notice a dead one much earlier. */
const SUBSCRIBE_MS = 30_000;

/**
 * One exchange, and one exclusive queue per process that is deleted with its connection. The queue is bound by topic,
 * so that a process receives only what it listens to.
 */
export async function openRabbitBus(url: string, options: RabbitBusOptions = {}): Promise<Bus> {
  const exchange = `${options.prefix ?? "millrace"}.bus`;
  const link = await openLink(url, "bus");
  const subscribers = new Subscribers();
  const ears = openEars(link, exchange, subscribers);
  const publishing = publishingChannel(link, exchange);
  let closed = false;

  const request = <T>(ms: number, run: () => Promise<T>) => checked(() => patiently(ms, run()));

  async function checked<T>(run: () => Promise<T>): Promise<T> {
    if (closed) throw new MillraceError("closed", "The connection to RabbitMQ is closed");
    try {
      return await run();
    } catch (error) {
      throw unavailable(error);
    }
  }

  return {
    name: "rabbitmq",

    async publish(topic, text) {
      checkMessage(text);
      await request(ANSWER_MS, async () => {
        const channel = await publishing();
        await new Promise<void>((resolve, reject) => {
          const confirm = (error: unknown) => (error ? reject(error) : resolve());
          channel.publish(exchange, topic, Buffer.from(text), {}, confirm);
        });
      });
    },

    subscribe(topic, handler, onGap) {
      const start = async () => {
        await ears.open();
        const remove = subscribers.add(topic, handler, onGap);
        const leave = async () => {
          if (remove()) await ears.unbind(topic);
        };
        try {
          await ears.bind(topic);
        } catch (error) {
          await leave();
          throw error;
        }
        return { close: leave };
      };
      return checked(() => openedWithin(SUBSCRIBE_MS, start()));
    },

    health: () => request(HEALTH_MS, async () => void (await (await publishing()).checkExchange(exchange))),

    async close() {
      if (closed) return;
      closed = true;
      ears.close();
      subscribers.clear();
      await link.close();
    },
  };
}
