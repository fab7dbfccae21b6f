import type { Broker, Delivery } from "../ports/broker.ts";

export interface DeliveryExtender {
  /** Keeps the delivery this process's own while the work lasts. */
  during(delivery: Delivery, work: () => Promise<void>): Promise<void>;
  close(): void;
}

/**
 * Some brokers give a delivery to another consumer when nothing is heard of it for a while: deliveries in
 * hand are extended three times in that time. One that is lost all the same does no harm, since the claim
 * decides; it only makes another worker look.
 */
export function extendDeliveries(broker: Broker): DeliveryExtender {
  const { ownershipMs } = broker.capabilities;
  if (ownershipMs === null) return { during: (_, work) => work(), close: () => {} };
  const held = new Set<Delivery>();
  const timer = setInterval(() => {
    for (const delivery of held) delivery.extend().catch(() => {});
  }, ownershipMs / 3);
  timer.unref();
  return {
    async during(delivery, work) {
      held.add(delivery);
      try {
        await work();
      } finally {
        held.delete(delivery);
      }
    },
    close: () => clearInterval(timer),
  };
}
