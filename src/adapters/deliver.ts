import type { Delivery, DeliveryHandler } from "../ports/broker.ts";

/** Calls the handler. If it fails, returns the delivery. */
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
