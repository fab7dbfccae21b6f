import type { Broker, Delivery } from "../ports/broker.ts";

export interface DeliveryExtender {
  /** Keeps the delivery owned by this process while the work lasts. */
  during(delivery: Delivery, work: () => Promise<void>): Promise<void>;
  close(): void;
}

/**
 * Some brokers give a delivery to another consumer after a while without an extension, so deliveries in hand are
 * extended three times in that period. Losing one anyway is harmless: the claim decides, and another worker merely
 * checks in vain.
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
