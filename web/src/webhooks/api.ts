import { createContext, useContext } from "react";
import type { Page } from "../../../src/client/index.ts";
import type {
  DeliveryState,
  DisabledReason,
  WebhookEvent,
  WebhookFormat,
} from "../../../src/domain/webhooks.ts";
import { getJson, sendJson } from "../api/json.ts";

export {
  deliveryStates,
  usualWebhookEvents,
  webhookEvents,
  webhookFormats,
} from "../../../src/domain/webhooks.ts";
export type { DeliveryState, WebhookEvent, WebhookFormat };

export interface WebhookFields {
  url: string;
  format: WebhookFormat;
  events: WebhookEvent[];
  /** Empty means all pipelines. */
  pipelines: string[];
  description: string;
}

export interface Webhook extends WebhookFields {
  id: string;
  owner: string;
  everyone: boolean;
  signed: boolean;
  previousSecretUntil: string | null;
  enabled: boolean;
  disabledReason: DisabledReason | null;
  health: {
    state: "closed" | "open" | "half_open";
    failures: number;
    failingSince: string | null;
    retryAt: string | null;
    lastDeliveredAt: string | null;
    lastFailure: { at: string; status: number | null; message: string } | null;
  };
  /** Waiting deliveries, counted up to 1,000. */
  pending: number;
  resending: boolean;
  createdAt: string;
}

export type MadeWebhook = Webhook & { secret: string | null };

export interface Try {
  at: string;
  ms: number;
  status: number | null;
  error: string | null;
}

export interface Delivery {
  id: string;
  number: number | null;
  event: string;
  jobId: string | null;
  state: DeliveryState;
  tries: number;
  nextTryAt: string | null;
  createdAt: string;
  endedAt: string | null;
  last: Try | null;
}

export interface WholeDelivery extends Delivery {
  request: { method: string; url: string; headers: Record<string, string>; body: string };
  attempts: (Try & { free: boolean; response: { headers: Record<string, string>; body: string } | null })[];
}

/** Calls for the user's own webhooks, or for everyone's, as operators see them. */
export function webhookCalls(all: boolean) {
  const base = all ? "/v1/admin/webhooks" : "/v1/webhooks";
  const one = (id: string) => `${base}/${encodeURIComponent(id)}`;
  const delivery = (id: string, deliveryId: string) =>
    `${one(id)}/deliveries/${encodeURIComponent(deliveryId)}`;
  return {
    all,
    list: (cursor: string | null, signal?: AbortSignal): Promise<Page<Webhook>> =>
      getJson(base, { limit: 50, cursor }, signal),
    get: (id: string, signal?: AbortSignal): Promise<Webhook> => getJson(one(id), {}, signal),
    change: (id: string, change: Partial<WebhookFields> & { enabled?: boolean }): Promise<MadeWebhook> =>
      sendJson("PATCH", one(id), change),
    remove: (id: string): Promise<void> => sendJson("DELETE", one(id)),
    rotate: (id: string): Promise<MadeWebhook> => sendJson("POST", `${one(id)}/secret`, {}),
    test: (id: string): Promise<WholeDelivery> => sendJson("POST", `${one(id)}/test`),
    resend: (id: string, since: string, failedOnly: boolean): Promise<Webhook> =>
      sendJson("POST", `${one(id)}/resend`, { since, failedOnly }),
    countResend: (
      id: string,
      since: string,
      failedOnly: boolean,
    ): Promise<{ events: number; more: boolean }> =>
      sendJson("POST", `${one(id)}/resend`, { since, failedOnly, dryRun: true }),
    deliveries: (
      id: string,
      filter: { state: string; cursor: string | null },
      signal?: AbortSignal,
    ): Promise<Page<Delivery>> => getJson(`${one(id)}/deliveries`, { ...filter, limit: 20 }, signal),
    delivery: (id: string, deliveryId: string, signal?: AbortSignal): Promise<WholeDelivery> =>
      getJson(delivery(id, deliveryId), {}, signal),
    retry: (id: string, deliveryId: string): Promise<Delivery> =>
      sendJson("POST", `${delivery(id, deliveryId)}/retry`),
  };
}

/** @param everyone receive events of all users' jobs. Admins only */
export function createWebhook(fields: WebhookFields, everyone: boolean): Promise<MadeWebhook> {
  return sendJson("POST", everyone ? "/v1/admin/webhooks" : "/v1/webhooks", fields);
}

/** The webhooks that a page is about. */
export const WebhookScope = createContext(webhookCalls(false));

export function useWebhooks() {
  return useContext(WebhookScope);
}
