import type { Json } from "./records.ts";
import { eventTypes } from "./records.ts";

/** Webhook endpoints, and their deliveries. Times are ms since the epoch. */

/** `generic` follows Standard Webhooks; the others match what those services accept. */
export const webhookFormats = ["generic", "slack", "discord"] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

/** Events that an endpoint can subscribe to: everything in the log. */
export const webhookEvents = eventTypes;
export type WebhookEvent = (typeof webhookEvents)[number];

/** Default subscription. */
export const usualWebhookEvents = [
  "job.succeeded",
  "job.partial",
  "job.failed",
  "job.cancelled",
] as const satisfies readonly WebhookEvent[];

/** The event type that the test button sends. */
export const TEST_EVENT = "webhook.test";

/**
 * - `own`: gets events of its owner's jobs
 * - `everyone`: set by an admin, gets events of all jobs
 * - `job`: stands for the addresses that jobs name in `notify`; never listed
 */
export type WebhookKind = "own" | "everyone" | "job";

/** The part of an endpoint that its owner sets. */
export interface WebhookSpec {
  url: string;
  format: WebhookFormat;
  events: WebhookEvent[];
  /** Names of pipelines; empty: all of them. */
  pipelines: string[];
  description: string;
}

/** Signing secrets, the current one first. Sealed in the record, so that a copy of the records cannot sign anything. */
export interface SealedSecret {
  sealed: string;
  /** When it stops signing; `null` for the current one. */
  until: number | null;
}

/** - `failing`: nothing arrived for days. `gone`: it answered `410`. `owner`: switched off by hand. */
export const disabledReasons = ["failing", "gone", "owner"] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** The health of an endpoint: for the circuit breaker, and for people to read. */
export interface WebhookHealth {
  /** Failed tries since the last success. */
  failures: number;
  /** Since when deliveries have failed; `null` while they succeed. */
  failingSince: number | null;
  /** How often the breaker has opened since the last success. */
  opened: number;
  /** Nothing is sent before this time: the breaker is open, or the endpoint asked for a pause. */
  notBefore: number | null;
  lastDeliveredAt: number | null;
  lastFailure: { at: number; status: number | null; message: string } | null;
}

export const healthy: WebhookHealth = {
  failures: 0,
  failingSince: null,
  opened: 0,
  notBefore: null,
  lastDeliveredAt: null,
  lastFailure: null,
};

/** A request to deliver everything since a time again. */
export interface ResendRequest {
  since: number;
  /** Only what has not arrived. */
  failedOnly: boolean;
  askedAt: number;
}

export interface WebhookRecord {
  id: string;
  owner: string;
  kind: WebhookKind;
  /** Selects the lease under which its deliveries are sent. */
  shard: number;
  spec: WebhookSpec;
  /** Empty for formats without signatures. */
  secrets: SealedSecret[];
  enabled: boolean;
  disabledReason: DisabledReason | null;
  health: WebhookHealth;
  /** Only events from this time on are delivered. */
  since: number;
  resend: ResendRequest | null;
  createdAt: number;
  /** Record version, for optimistic locking: a change of the spec names the version that it read. */
  version: number;
}

export const deliveryStates = ["pending", "delivered", "failed", "cancelled"] as const;
/** - `failed`: its tries are used up. `cancelled`: it waited for longer than deliveries are kept. */
export type DeliveryState = (typeof deliveryStates)[number];

/** One try at a delivery. */
export interface DeliveryAttempt {
  at: number;
  /** From the first byte sent to the last byte read. */
  ms: number;
  /** `null`: there was no answer. */
  status: number | null;
  /** Why it counts as a failure; `null` for a success. */
  error: string | null;
  /** The beginning of the response. */
  response: { headers: { [name: string]: string }; body: string } | null;
  /** It did not use up a try: the endpoint asked for a pause, or someone requested it by hand. */
  free?: true;
}

export interface DeliveryRecord {
  webhookId: string;
  /** The same on every try, so that receivers can deduplicate. */
  id: string;
  /** Owner of the job. */
  owner: string;
  /** The event's number in its owner's log; `null` for a test. */
  number: number | null;
  event: string;
  jobId: string | null;
  state: DeliveryState;
  /** Tries that count. */
  tries: number;
  /** `null` once it has ended. */
  dueAt: number | null;
  /** Requested by hand: neither the breaker nor a disabled endpoint delays it. */
  byHand: boolean;
  createdAt: number;
  endedAt: number | null;
  /** Its last try, without the response. */
  last: Omit<DeliveryAttempt, "response" | "free"> | null;
}

export interface WholeDelivery extends DeliveryRecord {
  /** What is delivered, before the endpoint's format is applied. */
  payload: WebhookPayload;
  /** The latest tries, in order. */
  attempts: DeliveryAttempt[];
}

/** An event as endpoints receive it. */
export interface WebhookPayload {
  type: string;
  /** ISO 8601. */
  timestamp: string;
  data: { [name: string]: Json };
}
