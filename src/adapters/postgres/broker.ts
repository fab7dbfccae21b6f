import { MillraceError } from "../../errors.ts";
import type { Broker, Message } from "../../ports/broker.ts";
import type { Store } from "../../ports/store/store.ts";
import { openConsuming } from "./broker/consuming.ts";
import { deadLetters, depth } from "./broker/deliveries.ts";
import { batched, check, MAX_PAYLOAD_BYTES } from "./broker/publishing.ts";
import { asking, assertReachable, openPool, targetOf, toError } from "./connection.ts";
import { Notifier, queueChannel } from "./notifier.ts";
import { migrate } from "./schema.ts";
import type { PostgresStore } from "./store.ts";

/**
 * Deliveries in a table. A process takes them under a holder number, whose advisory lock its listening connection keeps
 * for as long as it lives.
 * @param store the store of the same URL, from `openPostgresStore`: its tasks are handed out with their claims and need
 *   no delivery
 */
export async function openPostgresBroker(url: string, store?: Store): Promise<Broker> {
  const target = targetOf(url);
  const claims = (store as PostgresStore | undefined)?.claims ?? null;
  if (claims) claims.inUse = true;
  const publishing = openPool(target, "broker", 2);
  const notifier = new Notifier(publishing);
  const tell = (queues: Iterable<string>) => {
    for (const queue of queues) {
      notifier.send(queueChannel(target.schema, "deliveries", queue), queue).catch(() => {});
    }
  };
  const open = async () => {
    await assertReachable(publishing, target);
    await migrate(publishing, target);
    return openConsuming(target, claims, tell);
  };
  const consuming = await open().catch(async (error) => {
    await publishing.end();
    throw toError(error);
  });
  let closing: Promise<void> | null = null;
  const refusal = () => new MillraceError("closed", "The connection to PostgreSQL is closed.");

  const close = async () => {
    await consuming.close();
    await notifier.idle();
    await Promise.all([consuming.end(), publishing.end()]);
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

    async consume(queue, options, handler) {
      if (closing) throw refusal();
      return consuming.consume(queue, options, handler);
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
      await consuming.check();
      await asking(() => publishing.query("SELECT 1"));
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}
