import type { DeliveryRecord, WholeDelivery } from "../domain/webhooks.ts";
import type { WebhookDeliveryRow } from "./tables/webhooks.ts";

/** Columns shown in lists of deliveries: all except the payload and the responses. */
export const listedColumns = [
  ...(["webhook_id", "id", "owner", "number", "event", "job_id", "state", "tries"] as const),
  ...(["due_at", "by_hand", "created_at", "ended_at", "last"] as const),
] as const;

export interface DeliveryQuery {
  webhookId: string;
  id: string;
}

export function rowOf(delivery: WholeDelivery): WebhookDeliveryRow {
  const { id, owner, number, event, state, tries, last } = delivery;
  return {
    ...{ id, owner, number, event, state, tries },
    webhook_id: delivery.webhookId,
    job_id: delivery.jobId,
    due_at: delivery.dueAt,
    by_hand: delivery.byHand ? 1 : 0,
    created_at: delivery.createdAt,
    ended_at: delivery.endedAt,
    resent_at: null,
    last: last && JSON.stringify(last),
    payload: JSON.stringify(delivery.payload),
    attempts: JSON.stringify(delivery.attempts),
  };
}

export function recordOf(row: Pick<WebhookDeliveryRow, (typeof listedColumns)[number]>): DeliveryRecord {
  const { id, owner, number, event, state, tries } = row;
  return {
    ...{ id, owner, number, event, state, tries },
    webhookId: row.webhook_id,
    jobId: row.job_id,
    dueAt: row.due_at,
    byHand: row.by_hand === 1,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    last: row.last === null ? null : JSON.parse(row.last),
  };
}

export function wholeOf(row: WebhookDeliveryRow): WholeDelivery {
  return { ...recordOf(row), payload: JSON.parse(row.payload), attempts: JSON.parse(row.attempts) };
}
