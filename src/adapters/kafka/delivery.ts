import type { Delivery } from "../../ports/broker.ts";
import type { Entry } from "./window.ts";

/** What can be done with a message that a consumer holds. */
export interface Settling {
  ack(entry: Entry): Promise<void>;
  retry(entry: Entry): Promise<void>;
  reject(entry: Entry): Promise<void>;
  /** Rejects if another consumer owns the message by now. */
  check(entry: Entry): void;
}

/** The first settlement counts; later ones get its outcome. */
export function createDelivery(queue: string, entry: Entry, settling: Settling): Delivery {
  let outcome: Promise<void> | null = null;
  const once = (settle: (entry: Entry) => Promise<void>) => {
    outcome ??= settle(entry);
    return outcome;
  };
  return {
    id: entry.id,
    payload: entry.payload,
    queue,
    count: entry.count,
    ack: () => once(settling.ack),
    retry: () => once(settling.retry),
    reject: () => once(settling.reject),
    extend: async () => settling.check(entry),
  };
}
