import { MillraceError } from "../../../errors.ts";
import type { Delivery } from "../../../ports/broker.ts";
import type { DeliveryRow } from "./deliveries.ts";

/** How a delivery is settled. */
export type How = "ack" | "retry" | "reject";

/**
 * The delivery that a handler gets. It is settled once, however often that is requested; a settlement that failed may
 * be repeated.
 */
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
      if (lost) throw new MillraceError("lost_ownership", "The delivery now belongs to another consumer.");
    },
  };
}

/** Another consumer owns it by now, or the broker was closed. */
export function isOver({ code }: MillraceError): boolean {
  return code === "lost_ownership" || code === "closed";
}
