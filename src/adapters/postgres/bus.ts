import { MillraceError } from "../../errors.ts";
import type { Bus } from "../../ports/bus.ts";
import { checkMessage } from "../check-message.ts";
import { Subscribers } from "../subscribers.ts";
import { assertReachable, openPool, targetOf, toError } from "./connection.ts";
import { Listener } from "./listener.ts";
import { channelOf, Notifier, unpack } from "./notifier.ts";

/** LISTEN and NOTIFY, with one connection to listen and one to publish. Needs no tables of the schema. */
export async function openPostgresBus(url: string): Promise<Bus> {
  const target = targetOf(url);
  const pool = openPool(target, "bus", 1);
  const subscribers = new Subscribers();
  const notifier = new Notifier(pool);
  let closed = false;
  const refusal = () => new MillraceError("closed", "The connection to PostgreSQL is closed.");

  const open = async () => {
    await assertReachable(pool, target);
    return Listener.open({
      target,
      role: "bus listener",
      onNotification: (channel, frame) => {
        for (const text of unpack(frame)) subscribers.tell(channel, text);
      },
      onReturn: () => subscribers.tellOfGap(),
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
      checkMessage(text);
      await notifier.send(channelOf(target.schema, topic), text).catch((error) => {
        throw toError(error);
      });
    },

    async subscribe(topic, handler, onGap) {
      if (closed) throw refusal();
      const channel = channelOf(target.schema, topic);
      const remove = subscribers.add(channel, handler, onGap);
      const leave = async () => {
        if (remove()) await listener.unlisten(channel);
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
      subscribers.clear();
      await notifier.idle();
      await Promise.all([listener.close(), pool.end()]);
    },
  };
}
