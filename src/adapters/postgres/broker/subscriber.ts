import type { DeliveryHandler } from "../../../ports/broker.ts";
import type { Claimer } from "../store/claims.ts";

/** A consumer of a queue, as long as it holds deliveries. */
export interface Subscriber {
  readonly queue: string;
  readonly prefetch: number;
  readonly handler: DeliveryHandler;
  open: boolean;
  /** Numbers of the deliveries that it holds. */
  readonly unsettled: Set<number>;
  /** Slots being filled. */
  wished: number;
  /** Uses slots for claims. */
  claimer: Claimer | null;
}

export function subscribe(queue: string, prefetch: number, handler: DeliveryHandler): Subscriber {
  return { queue, prefetch, handler, open: true, unsettled: new Set(), wished: 0, claimer: null };
}

/** Slots in which nothing is running. */
export function slotsOf({ prefetch, unsettled, claimer }: Subscriber): number {
  return prefetch - unsettled.size - (claimer?.running ?? 0);
}

/** Waiting claims get slots before deliveries, except for one slot. */
export function roomOf(subscriber: Subscriber): number {
  const { claimer, unsettled } = subscriber;
  const slots = slotsOf(subscriber);
  const room = slots - (claimer ? claimer.ahead.length + claimer.asked : 0);
  return unsettled.size === 0 ? Math.max(room, Math.min(1, slots)) : room;
}
