import type { DeliveryState, DisabledReason, WebhookEvent, WebhookFormat } from "../domain/webhooks.ts";
import type { PageFilter } from "./schedules.ts";
import { type CallOptions, query, type Transport } from "./transport.ts";
import type { Page } from "./types.ts";

export interface Webhook {
  id: string;
  owner: string;
  /** Whether the webhook receives events of all users. Only admins can create these webhooks. */
  everyone: boolean;
  url: string;
  format: WebhookFormat;
  events: WebhookEvent[];
  /** Empty means all pipelines. */
  pipelines: string[];
  description: string;
  signed: boolean;
  previousSecretUntil: string | null;
  enabled: boolean;
  disabledReason: DisabledReason | null;
  health: {
    /** State of the circuit breaker. */
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

/** `secret` is shown only once. `null` if no new one was created. */
export type MadeWebhook = Webhook & { secret: string | null };

export interface NewWebhook {
  url: string;
  /** @default "generic" */
  format?: WebhookFormat;
  /** @default all events that end a job */
  events?: WebhookEvent[];
  pipelines?: string[];
  description?: string;
}

interface DeliveryTry {
  at: string;
  ms: number;
  /** HTTP status. `null` if there was no response. */
  status: number | null;
  error: string | null;
}

export interface WebhookDelivery {
  /** Value of the header `webhook-id`. The same for every attempt. */
  id: string;
  /** The event's number in its owner's log. `null` for a test. */
  number: number | null;
  event: string;
  jobId: string | null;
  owner: string;
  state: DeliveryState;
  tries: number;
  nextTryAt: string | null;
  createdAt: string;
  endedAt: string | null;
  last: DeliveryTry | null;
}

export interface WholeWebhookDelivery extends WebhookDelivery {
  request: { method: "POST"; url: string; headers: Record<string, string>; body: string };
  attempts: (DeliveryTry & {
    free: boolean;
    response: { headers: Record<string, string>; body: string } | null;
  })[];
}

export interface DeliveryFilter extends PageFilter {
  state?: DeliveryState;
}

export interface Webhooks {
  create(webhook: NewWebhook, options?: CallOptions): Promise<MadeWebhook>;
  list(filter?: PageFilter, options?: CallOptions): Promise<Page<Webhook>>;
  get(id: string, options?: CallOptions): Promise<Webhook>;
  /** Fields that you omit keep their values. */
  change(
    id: string,
    change: Partial<NewWebhook> & { enabled?: boolean },
    options?: CallOptions,
  ): Promise<MadeWebhook>;
  /** Deletes a webhook and its deliveries. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Rotates the secret. The old one also signs deliveries for a while, by default 24 hours. */
  rotateSecret(id: string, rotation?: { graceHours?: number }, options?: CallOptions): Promise<MadeWebhook>;
  /** Sends a test. Resolves with its result, or after 25 s. */
  test(id: string, options?: CallOptions): Promise<WholeWebhookDelivery>;
  /** Newest event first. */
  deliveries(id: string, filter?: DeliveryFilter, options?: CallOptions): Promise<Page<WebhookDelivery>>;
  /** A delivery with its attempts and their responses. */
  delivery(id: string, deliveryId: string, options?: CallOptions): Promise<WholeWebhookDelivery>;
  /** Retries a delivery now. */
  retry(id: string, deliveryId: string, options?: CallOptions): Promise<WebhookDelivery>;
  /** Counts the events that `resend` would send. `more` means that there may be more. */
  countResend(
    id: string,
    what: { since: string; failedOnly?: boolean },
    options?: CallOptions,
  ): Promise<{ events: number; more: boolean }>;
  /** Resends all events since a given time, with the same ids. */
  resend(id: string, what: { since: string; failedOnly?: boolean }, options?: CallOptions): Promise<Webhook>;
}

/** @param path `/v1/webhooks`, or the operators' path for the webhooks of all users */
export function webhooks({ get, post, remove }: Transport, path: string): Webhooks {
  const of = (id: string) => `${path}/${encodeURIComponent(id)}`;
  const delivery = (id: string, deliveryId: string) =>
    `${of(id)}/deliveries/${encodeURIComponent(deliveryId)}`;
  return {
    create: (webhook, options) => post(path, webhook, options),
    list: (filter = {}, options) => get(path + query(filter), options),
    get: (id, options) => get(of(id), options),
    change: (id, change, options) => post(of(id), change, options, "PATCH"),
    remove: (id, options) => remove(of(id), options),
    rotateSecret: (id, rotation = {}, options) => post(`${of(id)}/secret`, rotation, options),
    test: (id, options) => post(`${of(id)}/test`, undefined, options),
    deliveries: (id, filter = {}, options) => get(`${of(id)}/deliveries${query(filter)}`, options),
    delivery: (id, deliveryId, options) => get(delivery(id, deliveryId), options),
    retry: (id, deliveryId, options) => post(`${delivery(id, deliveryId)}/retry`, undefined, options),
    countResend: (id, what, options) => post(`${of(id)}/resend`, { ...what, dryRun: true }, options),
    resend: (id, what, options) => post(`${of(id)}/resend`, what, options),
  };
}
