import type { Broker } from "../../../ports/broker.ts";
import { openPool, type Target } from "../connection.ts";
import { type News, queueChannel } from "../notifier.ts";
import type { Claims } from "../store/claims.ts";
import { Consumers } from "./consumers.ts";
import { releaseMine } from "./deliveries.ts";
import { type Holder, openHolder } from "./holder.ts";
import { startLooks } from "./looks.ts";
import { subscribe } from "./subscriber.ts";

/** The consuming side of the broker, on its own connections. */
export interface Consuming {
  consume: Broker["consume"];
  /** Rejects while the listening connection is down. */
  check(): Promise<void>;
  /** Returns what is held; the connections stay open until `end`. */
  close(): Promise<void>;
  end(): Promise<void>;
}

/**
 * @param claims claims in the same database: tasks that they hand out need no delivery
 * @param tell announces that deliveries of these queues are waiting
 */
export async function openConsuming(
  target: Target,
  claims: Claims | null,
  tell: (queues: Iterable<string>) => void,
): Promise<Consuming> {
  // If a server crash forgets that a delivery was taken or settled, it is delivered again, which consumers must handle
  // anyway.
  const pool = openPool({ ...target, ...relaxed(target.connectionString) }, "broker consumers", 1);
  let holder: Holder | null = null;
  const consumers = new Consumers(
    pool,
    () => holder?.number() ?? null,
    tell,
    () => claims?.nudge(),
  );
  try {
    holder = await openHolder(target, {
      onLost: () => consumers.lose(),
      onReturn() {
        consumers.wake();
        claims?.wake();
      },
    });
  } catch (error) {
    await pool.end();
    throw error;
  }
  const { listener, hear, number } = holder;
  const looks = startLooks(pool, consumers, claims, tell);

  /** Starts when a queue is first consumed, and never stops: a process consumes the same queues all its life. */
  const listen = async (queue: string) => {
    const channelOf = (news: News) => queueChannel(target.schema, news, queue);
    await hear(channelOf("deliveries"), () => consumers.wake([queue]));
    if (!claims) return;
    await hear(channelOf("backlog"), () => {
      if (claims.announce(queue)) looks.later(queue);
    });
  };

  return {
    async consume(queue, { prefetch, claimFor, signal }, handler) {
      const subscriber = subscribe(queue, prefetch, handler);
      const close = async () => {
        signal?.removeEventListener("abort", stop);
        subscriber.open = false;
        if (subscriber.unsettled.size === 0) consumers.subscribers.delete(subscriber);
        if (subscriber.claimer) await claims?.remove(subscriber.claimer);
      };
      const stop = () => void close();
      if (signal?.aborted) return { close };
      signal?.addEventListener("abort", stop, { once: true });
      await listen(queue);
      consumers.subscribers.add(subscriber);
      consumers.wake([queue]);
      // Deliveries and claims share its slots.
      const taken = () => subscriber.unsettled.size + subscriber.wished + consumers.due(subscriber);
      const freed = () => consumers.freed(queue);
      if (claims && claimFor)
        subscriber.claimer = claims.add({ queue, claimFor, handler, prefetch, taken, freed });
      return { close };
    },
    check: () => listener.check(),
    async close() {
      looks.stop();
      for (const subscriber of consumers.subscribers) {
        subscriber.open = false;
        if (subscriber.claimer) await claims?.remove(subscriber.claimer);
      }
      await consumers.close();
      const queues = new Set([...consumers.subscribers].map((one) => one.queue));
      const mine = number();
      if (mine === null) return;
      await pool.query(releaseMine([mine])).then(
        () => tell(queues),
        () => {},
      );
    },
    async end() {
      await Promise.all([listener.close(), pool.end()]);
    },
  };
}

/** The same server, without waiting for the disk on each commit. */
function relaxed(connectionString: string): { connectionString: string } {
  const url = new URL(connectionString);
  url.searchParams.set("options", `${url.searchParams.get("options")} -c synchronous_commit=off`);
  return { connectionString: url.href };
}
