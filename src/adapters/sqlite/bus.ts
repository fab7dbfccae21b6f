import { MillraceError } from "../../errors.ts";
import type { Bus, BusHandler } from "../../ports/bus.ts";
import { checkMessage } from "../check-message.ts";
import type { Client } from "./client.ts";

/**
 * The bus of one machine: the writer broadcasts to every connected process. It has no outages to bridge. It owns the
 * connection.
 */
export function sqliteBus(client: Client): Bus {
  const handlers = new Map<string, Set<BusHandler>>();
  const closed = () => new MillraceError("closed", "The connection to the records has ended.");
  let isClosed = false;

  const receive = (topic: string) => (messages: string[]) => {
    for (const message of messages) {
      for (const handler of handlers.get(topic) ?? []) {
        try {
          handler(message);
        } catch {
          // One subscriber's failure must not affect another.
        }
      }
    }
  };

  return {
    name: "sqlite",
    async publish(topic, message) {
      if (isClosed) throw closed();
      checkMessage(message);
      await client.call("bus.publish", { topic, message });
    },
    async subscribe(topic, handler) {
      if (isClosed) throw closed();
      const known = handlers.get(topic) ?? new Set();
      handlers.set(topic, known);
      if (known.size === 0) client.onPush(`bus.${topic}`, receive(topic));
      known.add(handler);
      await client.call("bus.subscribe", topic);
      return {
        async close() {
          known.delete(handler);
          if (known.size === 0 && !client.isClosed()) await client.call("bus.unsubscribe", topic);
        },
      };
    },
    async health() {
      if (isClosed) throw closed();
      await client.call("logBounds", { owner: "" });
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      handlers.clear();
      await client.close();
    },
  };
}
