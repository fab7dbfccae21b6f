import { MillraceError } from "../../../errors.ts";
import type { Delivery } from "../../../ports/broker.ts";
import type { DeliveryRow } from "./deliveries.ts";

/** How a delivery is settled. */
export type How = "ack" | "retry" | "reject";

/** What a handler gets. It is settled once, however often it is asked for; what could not be told may be told again. */
export function deliveryOf(row: DeliveryRow, tell: (how: How) => Promise<void>): Delivery {
  let settled: Promise<void> | null = null;
  let lost = false;
  const settle = (how: How) => {
    settled ??= tell(how).catch((error: MillraceError) => {
      lost = error.code === "lost_ownership";
      if (!isOver(error)) settled = null;
      throw error;
    });
    return settled;
  };
  return {
    id: row.id,
    payload: row.payload,
    queue: row.queue,
    count: row.count,
    ack: () => settle("ack"),
    retry: () => settle("retry"),
    reject: () => settle("reject"),
    async extend() {
      if (lost) throw new MillraceError("lost_ownership", "The delivery is another consumer's by now.");
    },
  };
}

/** It is another's by now, or the broker was closed. */
export function isOver({ code }: MillraceError): boolean {
  return code === "lost_ownership" || code === "closed";
}
