import type { Delivery, DeliveryHandler } from "../ports/broker.ts";

/** Calls the handler. A delivery whose handler fails is given back. */
export function deliver(handler: DeliveryHandler, delivery: Delivery): void {
  const giveBack = () => {
    delivery.retry().catch(() => {});
  };
  try {
    handler(delivery)?.catch(giveBack);
  } catch {
    giveBack();
  }
}
