import { MillraceError } from "../../errors.ts";
import type { Broker, Message } from "../../ports/broker.ts";
import type { Store } from "../../ports/store/store.ts";
import { Consumers } from "./broker/consumers.ts";
import { deadLetters, depth, releaseMine, releaseOrphans } from "./broker/deliveries.ts";
import { batched, check, MAX_PAYLOAD_BYTES } from "./broker/publishing.ts";
import { subscribe } from "./broker/subscriber.ts";
import { asking, assertReachable, openPool, targetOf, toError } from "./connection.ts";
import { Listener } from "./listener.ts";
import { classOf } from "./locks.ts";
import { type News, Notifier, queueChannel } from "./notifier.ts";
import { migrate } from "./schema.ts";
import { waitingQueues } from "./store/backlog.ts";
import type { PostgresStore } from "./store.ts";

/** Who was not among the first to try looks whether anything is left when so long has passed. */
const LATER_MS = 100;
/** Looks for what a lost notification did not tell, and for what the dead have left. */
const LOOK_MS = 1_000;

/**
 * A table of deliveries. Who takes one becomes its holder, by a number whose advisory lock the connection
 * that listens keeps for as long as it lives.
 * @param store of the same URL, from `openPostgresStore`: its tasks come with their claims, and need no delivery
 */
export async function openPostgresBroker(url: string, store?: Store): Promise<Broker> {
  const target = targetOf(url);
  const claims = (store as PostgresStore | undefined)?.claims ?? null;
  if (claims) claims.inUse = true;
  const publishing = openPool(target, "broker", 2);
  // A taking or settling that a crash of the server forgets is a redelivery, which any delivery may be.
  const consuming = openPool({ ...target, ...relaxed(target.connectionString) }, "broker consumers", 1);
  const notifier = new Notifier(publishing);
  /** What is told on the channels that it listens to. */
  const channels = new Map<string, () => void>();
  let holder: number | null = null;
  let closing: Promise<void> | null = null;
  const refusal = () => new MillraceError("closed", "The connection to PostgreSQL is closed.");

  const tell = (queues: Iterable<string>) => {
    for (const queue of queues) {
      notifier.send(queueChannel(target.schema, "deliveries", queue), queue).catch(() => {});
    }
  };
  const consumers = new Consumers(
    consuming,
    () => holder,
    tell,
    () => claims?.nudge(),
  );
  const end = () => Promise.all([publishing.end(), consuming.end()]);
  const open = async () => {
    await assertReachable(publishing, target);
    await migrate(publishing, target);
    return Listener.open({
      target,
      role: "broker listener",
      onNotification: (channel) => channels.get(channel)?.(),
      async onOpen(client) {
        const { rows } = await client.query("SELECT nextval('holders')::int AS holder");
        await client.query(`SELECT pg_advisory_lock(${classOf("broker")}, $1::int)`, [rows[0].holder]);
        holder = rows[0].holder as number;
      },
      onLost() {
        holder = null;
        consumers.lose();
      },
      onReturn() {
        consumers.wake();
        claims?.wake();
      },
    });
  };
  const listener = await open().catch(async (error) => {
    await end();
    throw toError(error);
  });

  /** Asked at once for all, as a transaction for each that turns out to be empty would cost an idle worker more. */
  const lookFor = async (queues: string[]) => {
    const { rows } = await consuming.query(waitingQueues([queues]));
    if (rows.length > 0) claims?.wake(rows.map((row) => row.name as string));
  };
  const lookLater = collected(LATER_MS, (queues) => void lookFor(queues).catch(() => {}));
  const look = async () => {
    if (consumers.subscribers.size === 0) return;
    consumers.wake();
    if (claims) await lookFor(claims.queues);
    const { rows } = await consuming.query(releaseOrphans());
    if (rows.length > 0) tell(new Set(rows.map((row) => row.queue as string)));
  };
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  looking.unref();

  /** From when a queue is first consumed; a process consumes the same ones for as long as it lives. */
  const listen = async (queue: string) => {
    const hear = async (news: News, act: () => void) => {
      const channel = queueChannel(target.schema, news, queue);
      if (channels.has(channel)) return;
      channels.set(channel, act);
      await listener.keep(channel);
    };
    await hear("deliveries", () => consumers.wake([queue]));
    if (!claims) return;
    await hear("backlog", () => {
      if (claims.announce(queue)) lookLater(queue);
    });
  };

  const publish = batched(publishing, async (queues) => tell(queues));

  return {
    name: "postgres",
    capabilities: {
      durable: true,
      depth: true,
      ownershipMs: null,
      deadLetters: true,
      countsDeliveries: true,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
    },

    async publish(queue, messages) {
      if (closing) return messages.map(() => ({ ok: false, error: refusal() }));
      const results = messages.map(check);
      const fit = messages.filter((_, n) => results[n]!.ok);
      if (fit.length === 0) return results;
      const failure = await publish(queue, fit);
      return failure ? results.map((one) => (one.ok ? { ok: false, error: failure } : one)) : results;
    },

    async consume(queue, { prefetch, claimFor, signal }, handler) {
      if (closing) throw refusal();
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

    async depth(queue) {
      if (closing) throw refusal();
      return (await asking(() => publishing.query(depth([queue])))).rows[0].n as number;
    },
    async deadLetters(queue, limit) {
      if (closing) throw refusal();
      return (await asking(() => publishing.query(deadLetters([queue, limit])))).rows as Message[];
    },

    async health() {
      if (closing) throw refusal();
      await listener.check();
      await asking(() => publishing.query("SELECT 1"));
    },

    close() {
      closing ??= (async () => {
        clearInterval(looking);
        lookLater.stop();
        for (const subscriber of consumers.subscribers) {
          subscriber.open = false;
          if (subscriber.claimer) await claims?.remove(subscriber.claimer);
        }
        await consumers.close();
        const queues = new Set([...consumers.subscribers].map((one) => one.queue));
        if (holder !== null) {
          await consuming.query(releaseMine([holder])).then(
            () => tell(queues),
            () => {},
          );
        }
        await notifier.idle();
        await Promise.all([listener.close(), end()]);
      })();
      return closing;
    },
  };
}

/** Collects names for a random while of at most `ms`, and then acts on all of them once. */
function collected(ms: number, act: (names: string[]) => void) {
  const names = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const add = (name: string) => {
    names.add(name);
    timer ??= setTimeout(
      () => {
        timer = null;
        const all = [...names];
        names.clear();
        act(all);
      },
      ms * (0.5 + Math.random() / 2),
    ).unref();
  };
  return Object.assign(add, {
    stop() {
      if (timer) clearTimeout(timer);
    },
  });
}

/** The same server without waiting for the disk at each commit. */
function relaxed(connectionString: string): { connectionString: string } {
  const url = new URL(connectionString);
  url.searchParams.set("options", `${url.searchParams.get("options")} -c synchronous_commit=off`);
  return { connectionString: url.href };
}
