import { MillraceError } from "../../errors.ts";
import type { Bus, BusHandler } from "../../ports/bus.ts";
import { connect, ping, unavailable } from "./connection.ts";
import { gather } from "./gather.ts";

export interface RedisBusOptions {
  /** Begins every channel. @default "millrace" */
  prefix?: string;
}

const MAX_MESSAGE_BYTES = 7_000;
/** How often the listening connection, on which nothing else is asked, is proved alive. */
const HEARTBEAT_MS = 5_000;

interface Listener {
  handler: BusHandler;
  onGap: (() => void) | undefined;
}

interface Publication {
  channel: string;
  text: string;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Redis pub/sub: one connection that listens and one that publishes. */
export async function openRedisBus(url: string, options: RedisBusOptions = {}): Promise<Bus> {
  const commands = await connect(url, "bus");
  const ears = await connect(url, "bus-listener").catch((error) => {
    commands.disconnect();
    throw error;
  });
  const listeners = new Map<string, Set<Listener>>();
  let closed = false;
  // Channels know no databases, so that the number is part of their name.
  const base = `${options.prefix ?? "millrace"}:bus:${commands.options.db ?? 0}:`;
  const refusal = () => new MillraceError("closed", "The connection to Redis is closed");

  ears.on("message", (channel: string, text: string) => {
    for (const { handler } of [...(listeners.get(channel) ?? [])]) attempt(() => handler(text));
  });
  ears.on("ready", async () => {
    try {
      if (listeners.size > 0) await ears.subscribe(...listeners.keys());
      for (const { onGap } of [...listeners.values()].flatMap((some) => [...some])) {
        if (onGap) attempt(onGap);
      }
    } catch {
      // The connection broke again, and comes back here; a refusal that lasts is tried anew as well.
      if (!closed && ears.status === "ready") ears.disconnect(true);
    }
  });
  const heartbeat = setInterval(() => void ears.ping().catch(() => {}), HEARTBEAT_MS);
  heartbeat.unref();

  const add = gather<Publication>(async (batch) => {
    const pipeline = commands.pipeline();
    for (const { channel, text } of batch) pipeline.publish(channel, text);
    const replies = (await pipeline.exec().catch((error: Error) => batch.map(() => [error]))) ?? [];
    batch.forEach(({ resolve, reject }, index) => {
      const error = replies[index] ? replies[index][0] : new Error("no reply");
      if (error) reject(unavailable(error));
      else resolve();
    });
  });

  return {
    name: "redis",

    async publish(topic, text) {
      if (closed) throw refusal();
      if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
        throw new MillraceError("payload_too_large", `A message may have ${MAX_MESSAGE_BYTES} bytes`);
      }
      await new Promise<void>((resolve, reject) => add({ channel: base + topic, text, resolve, reject }));
    },

    async subscribe(topic, handler, onGap) {
      if (closed) throw refusal();
      const channel = base + topic;
      const listener = { handler, onGap };
      const some = listeners.get(channel) ?? new Set();
      listeners.set(channel, some.add(listener));
      const leave = async () => {
        if (!some.delete(listener) || some.size > 0 || closed) return;
        listeners.delete(channel);
        // Refused while disconnected: then nothing is subscribed anyway.
        await ears.unsubscribe(channel).catch(() => {});
      };
      try {
        // Also when another listener has asked: this answer comes after the other's.
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
      listeners.clear();
      ears.disconnect();
      commands.disconnect();
    },
  };
}

/** A handler's own failure is not the bus's. */
function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      process.emitWarning(error instanceof Error ? error : String(error), { code: "MILLRACE_BUS_HANDLER" });
    });
  }
}
