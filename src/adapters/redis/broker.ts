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
  /** Begins every key. @default "millrace" */
  prefix?: string;
  /**
   * Begins the names of this process's consumers. With a name that outlives the process, it takes up at once
   * what it held when it died; two live processes must never share one. @default host, process id and chance
   */
  consumerName?: string;
  /** A delivery that was not extended for so long, in ms, is handed to another consumer. @default 8_000 */
  ownershipMs?: number;
}

const GROUP = "workers";

/**
 * A stream for each queue, `prefix:{queue}`, with one consumer group. What is settled is deleted, so the
 * stream holds what waits and what is held. The braces keep a queue's keys on one node of a cluster.
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

/** Only with an append-only file synced before the answer does a confirmed message survive whatever happens. */
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
