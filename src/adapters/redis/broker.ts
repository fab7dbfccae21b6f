import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { MillraceError } from "../../errors.ts";
import type { Broker } from "../../ports/broker.ts";
import { keepConsumer } from "../open-consumers.ts";
import { connect, ping, unavailable } from "./connection.ts";
import { type StreamConsumer, startConsumer } from "./consumer.ts";
import { createPublisher, MAX_PAYLOAD_BYTES } from "./publisher.ts";
import { type Holder, isGroupMissing } from "./settlement.ts";

export interface RedisBrokerOptions {
  /** Prefix of every key. @default "millrace" */
  prefix?: string;
  /**
   * Prefix of this process's consumer names. A name that outlives the process lets it take up at once what it held when
   * it died; two live processes must never share one. @default host, process id and random digits
   */
  consumerName?: string;
  /** A delivery not extended for this long, in ms, goes to another consumer. @default 8_000 */
  ownershipMs?: number;
}

const GROUP = "workers";

/**
 * A stream for each queue, `prefix:{queue}`, with one consumer group. Settled entries are deleted, so the stream holds
 * only what is waiting or held. The braces keep a queue's keys on one node of a cluster.
 */
export async function openRedisBroker(url: string, options: RedisBrokerOptions = {}): Promise<Broker> {
  const { prefix = "millrace", ownershipMs = 8_000 } = options;
  const name = options.consumerName ?? `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const commands = await connect(url, "broker");
  const durable = await isDurable(commands);
  const consumers = new Set<StreamConsumer>();
  const publisher = createPublisher(commands);
  let consumerNumber = 0;
  let closing: Promise<void> | undefined;
  let settlingRefused = false;

  const streamOf = (queue: string) => `${prefix}:{${queue}}`;
  const closed = () => new MillraceError("closed", "The connection to Redis is closed");

  function holder(queue: string): Holder {
    const stream = streamOf(queue);
    return { stream, dead: `${stream}:dead`, group: GROUP, consumer: `${name}-${++consumerNumber}` };
  }

  async function request<T>(run: () => Promise<T>): Promise<T> {
    if (closing) throw closed();
    try {
      return await run();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async function close(): Promise<void> {
    const open = [...consumers];
    await Promise.all(open.map((consumer) => consumer.close()));
    await Promise.all([publisher.drain(), ...open.map((consumer) => consumer.drain())]);
    settlingRefused = true;
    commands.disconnect();
  }

  return {
    name: "redis",
    capabilities: {
      durable,
      depth: true,
      ownershipMs,
      deadLetters: true,
      countsDeliveries: true,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
    },

    publish(queue, messages) {
      const stream = streamOf(queue);
      return Promise.all(
        messages.map((message) =>
          closing ? { ok: false as const, error: closed() } : publisher.publish(stream, message),
        ),
      );
    },

    async consume(queue, { prefetch, signal }, handler) {
      if (closing) throw closed();
      const holderName = holder(queue);
      const reader = await connect(url, "consumer");
      try {
        const consumer = await startConsumer({
          commands,
          reader,
          holder: holderName,
          queue,
          prefetch,
          ownershipMs,
          handler,
          refusal: () => (settlingRefused ? closed() : undefined),
        });
        return keepConsumer(consumers, consumer, signal, closing !== undefined);
      } catch (error) {
        reader.disconnect();
        throw unavailable(error);
      }
    },

    depth: (queue) =>
      request(async () => {
        const [total, pending] = await Promise.all([
          commands.xlen(streamOf(queue)),
          commands.xpending(streamOf(queue), GROUP).catch((error) => {
            if (isGroupMissing(error)) return [0];
            throw error;
          }),
        ]);
        return Math.max(0, total - Number((pending as [number])[0]));
      }),

    deadLetters: (queue, limit) =>
      request(async () => {
        const entries = await commands.xrange(`${streamOf(queue)}:dead`, "-", "+", "COUNT", limit);
        return entries.map(([, fields]) => ({ id: fields[1]!, payload: fields[3]! }));
      }),

    async health() {
      if (closing) throw closed();
      await ping(commands);
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** A confirmed message survives everything only with an append-only file that is synced before the answer. */
async function isDurable(redis: Redis): Promise<boolean> {
  if (!/aof_enabled:1/.test(await redis.info("persistence"))) return false;
  try {
    const [, policy] = (await redis.config("GET", "appendfsync")) as string[];
    return policy === "always";
  } catch {
    // Managed services forbid CONFIG; most sync once a second.
    return false;
  }
}
