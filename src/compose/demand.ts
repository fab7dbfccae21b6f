import { deliveryRecords } from "../database/webhook-deliveries.ts";
import { webhookRecords } from "../database/webhooks.ts";
import { signer } from "../domain/keys.ts";
import { countDrops } from "../engine/messages/drops.ts";
import { signedBus } from "../engine/messages/signed-bus.ts";
import { topics } from "../engine/messages/topics.ts";
import type { Bus } from "../ports/bus.ts";
import type { Demand } from "../supervisor/fleet.ts";
import { isLocal, openBus, openDatabase, openStore, type Wiring } from "./adapters.ts";
import { installationSecrets } from "./secrets.ts";

/** Interval between checks for due deliveries. */
const DELIVERIES_MS = 2_000;
/** How long after a log has grown it may hold something for a webhook that no worker has read. */
const GROWN_MS = 3_000;

export interface OpenDemand {
  readonly bus: Bus;
  read(): Promise<Demand>;
  close(): Promise<void>;
}

/**
 * What scaling needs: the records and the bus, but neither pipelines, broker nor files.
 * @param onChange called when some owner's log has grown, so there may be more to do
 */
export async function openDemand(wiring: Wiring, onChange: () => void): Promise<OpenDemand> {
  const { config } = wiring;
  const store = await openStore(wiring);
  const database = await openDatabase(wiring);
  const deliveries = deliveryRecords(database);
  const webhooks = webhookRecords(database);
  let grownAt = Number.NEGATIVE_INFINITY;
  let other = { at: Number.NEGATIVE_INFINITY, count: 0 };

  /**
   * Workers also send webhook deliveries: those whose next try is due, and those of events that nobody has read yet.
   */
  async function readOther(): Promise<number> {
    const now = performance.now();
    if (now - other.at < DELIVERIES_MS) return other.count;
    const hasGrown = now - grownAt < GROWN_MS;
    const isWanted = (await deliveries.isAnyDue(store.now())) || (hasGrown && (await webhooks.isAny()));
    other = { at: now, count: isWanted ? 1 : 0 };
    return other.count;
  }

  const changed = () => {
    grownAt = performance.now();
    onChange();
  };
  try {
    const opened = await openBus(wiring);
    const secrets = await installationSecrets(config);
    const bus = isLocal(config.bus) ? opened : signedBus(opened, signer(secrets, "bus"), countDrops());
    await bus.subscribe(topics.log, changed, changed);
    return {
      bus,
      async read() {
        const [queues, workers] = await Promise.all([store.queues({ now: store.now() }), store.workers()]);
        return { queues, workers, other: await readOther() };
      },
      async close() {
        await bus.close();
        await database.close();
        await store.close();
      },
    };
  } catch (error) {
    await database.close();
    await store.close();
    throw error;
  }
}
