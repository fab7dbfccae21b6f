import type { DeliveryRecord, WebhookRecord } from "../domain/webhooks.ts";
import type { Telling } from "../notices/notices.ts";

/** Notifies the owner that an endpoint was disabled, once each time. */
export function disabledNotice(
  { id: webhookId, owner, spec, since }: WebhookRecord,
  reason: "failing" | "gone",
  at: number,
): Telling {
  const data = { webhookId, url: spec.url, format: spec.format, reason };
  return { owner, kind: "webhook.disabled", data, key: [webhookId, String(since)], at };
}

/** Notifies the owner that a delivery has failed for good. */
export function exhaustedNotice(
  { id: webhookId, owner, spec }: WebhookRecord,
  { id: deliveryId, event, number, jobId }: DeliveryRecord,
  at: number,
): Telling {
  const data = { webhookId, url: spec.url, format: spec.format, deliveryId, event, number, jobId };
  return { owner, kind: "webhook.exhausted", data, key: [webhookId, deliveryId], at };
}
