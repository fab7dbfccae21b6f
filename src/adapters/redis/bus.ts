import type { Redis } from "ioredis";
import { MillraceError } from "../../errors.ts";
import type { Bus } from "../../ports/bus.ts";
import { checkMessage } from "../check-message.ts";
import { gather } from "../gather.ts";
import { Subscribers } from "../subscribers.ts";
import { connect, ping, unavailable } from "./connection.ts";

export interface RedisBusOptions {
  /** Prefix of every channel. @default "millrace" */
  prefix?: string;
}

/** How often the listening connection, which is otherwise silent, is checked. */
const HEARTBEAT_MS = 5_000;

interface Publication {
  channel: string;
  text: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Redis pub/sub, with one connection to listen and one to publish. */
export async function openRedisBus(url: string, options: RedisBusOptions = {}): Promise<Bus> {
  const commands = await connect(url, "bus");
  const ears = await connect(url, "bus-listener").catch((error) => {
    commands.disconnect();
    throw error;
  });
  const subscribers = new Subscribers();
  let closed = false;
  // Channels are shared by all databases of a server, so their names contain the number.
  const base = `${options.prefix ?? "millrace"}:bus:${commands.options.db ?? 0}:`;
  const refusal = () => new MillraceError("closed", "The connection to Redis is closed");

  ears.on("message", (channel: string, text: string) => subscribers.tell(channel, text));
  ears.on("ready", async () => {
    try {
      const { channels } = subscribers;
      if (channels.length > 0) await ears.subscribe(...channels);
      subscribers.tellOfGap();
    } catch {
      // The connection broke again, and will return here; a persistent refusal is retried as well.
      if (!closed && ears.status === "ready") ears.disconnect(true);
    }
  });
  const heartbeat = setInterval(() => void ears.ping().catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();

  const add = gather<Publication>((batch) => publish(commands, batch));

  return {
    name: "redis",

    async publish(topic, text) {
      if (closed) throw refusal();
      checkMessage(text);
      await new Promise<void>((resolve, reject) => add({ channel: base + topic, text, resolve, reject }));
    },

    async subscribe(topic, handler, onGap) {
      if (closed) throw refusal();
      const channel = base + topic;
      const remove = subscribers.add(channel, handler, onGap);
      const leave = async () => {
        // Fails while disconnected: then nothing is subscribed anyway.
        if (remove()) await ears.unsubscribe(channel).catch(() => {});
      };
      try {
        // Even if another listener has already subscribed: this answer comes after that one's.
        await ears.subscribe(channel);
      } catch (error) {
        await leave();
        throw unavailable(error);
      }
      return { close: leave };
    },

    async health() {
      if (closed) throw refusal();
      await Promise.all([ping(commands), ping(ears)]);
    },

    async close() {
      if (closed) return;
      closed = true;
      clearInterval(heartbeat);
      subscribers.clear();
      ears.disconnect();
      commands.disconnect();
    },
  };
}

async function publish(commands: Redis, batch: Publication[]): Promise<void> {
  const pipeline = commands.pipeline();
  for (const { channel, text } of batch) pipeline.publish(channel, text);
  const replies = (await pipeline.exec().catch((error: Error) => batch.map(() => [error]))) ?? [];
  batch.forEach(({ resolve, reject }, index) => {
    const error = replies[index] ? replies[index][0] : new Error("no reply");
    if (error) reject(unavailable(error));
    else resolve();
  });
}
