import { MillraceError } from "../../errors.ts";
import type { Bus, BusHandler } from "../../ports/bus.ts";
import { assertReachable, openPool, targetOf, toError } from "./connection.ts";
import { Listener } from "./listener.ts";
import { channelOf, Notifier, unpack } from "./notifier.ts";

const MAX_MESSAGE_BYTES = 7_000;

interface Ear {
  handler: BusHandler;
  onGap: (() => void) | undefined;
}

/** LISTEN and NOTIFY: one connection that listens and one that tells. The tables of the schema are not needed. */
export async function openPostgresBus(url: string): Promise<Bus> {
  const target = targetOf(url);
  const pool = openPool(target, "bus", 1);
  const ears = new Map<string, Set<Ear>>();
  const notifier = new Notifier(pool);
  let closed = false;
  const refusal = () => new MillraceError("closed", "The connection to PostgreSQL is closed.");

  const hear = (channel: string, frame: string) => {
    for (const text of unpack(frame)) {
      for (const { handler } of [...(ears.get(channel) ?? [])]) attempt(() => handler(text));
    }
  };
  const open = async () => {
    await assertReachable(pool, target);
    return Listener.open({
      target,
      role: "bus listener",
      onNotification: (channel, frame) => {
        if (!closed) hear(channel, frame);
      },
      onReturn() {
        for (const { onGap } of [...ears.values()].flatMap((some) => [...some])) if (onGap) attempt(onGap);
      },
    });
  };
  const listener = await open().catch(async (error) => {
    await pool.end();
    throw toError(error);
  });

  return {
    name: "postgres",

    async publish(topic, text) {
      if (closed) throw refusal();
      if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES)
        throw new MillraceError("payload_too_large", `A message may have ${MAX_MESSAGE_BYTES} bytes.`);
      await notifier.send(channelOf(target.schema, topic), text).catch((error) => {
        throw toError(error);
      });
    },

    async subscribe(topic, handler, onGap) {
      if (closed) throw refusal();
      const channel = channelOf(target.schema, topic);
      const ear = { handler, onGap };
      const some = ears.get(channel) ?? new Set();
      ears.set(channel, some.add(ear));
      const leave = async () => {
        if (!some.delete(ear) || some.size > 0 || closed) return;
        ears.delete(channel);
        await listener.unlisten(channel);
      };
      try {
        await listener.listen(channel);
      } catch (error) {
        await leave();
        throw error;
      }
      return { close: leave };
    },

    async health() {
      if (closed) throw refusal();
      await listener.check();
      await pool.query("SELECT 1").catch((error) => {
        throw toError(error);
      });
    },

    async close() {
      if (closed) return;
      closed = true;
      ears.clear();
      await notifier.idle();
      await Promise.all([listener.close(), pool.end()]);
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
