/** A webhook endpoint; see `WebhookRecord`. Times are ms since the epoch. */
export interface WebhookRow {
  id: string;
  owner: string;
  kind: "own" | "everyone" | "job";
  /** Selects the lease under which its deliveries are sent. */
  shard: number;
  /** 1: it receives events. */
  enabled: number;
  disabled_reason: "failing" | "gone" | "owner" | null;
  /** A `WebhookSpec` as JSON. */
  spec: string;
  /** `SealedSecret`s as JSON. */
  secrets: string;
  /** A `WebhookHealth` as JSON. */
  health: string;
  /** A `ResendRequest` as JSON. */
  resend: string | null;
  since: number;
  created_at: number;
  /** When something changed that its deliverer must know. */
  changed_at: number;
  version: number;
}

/** Which process sends the deliveries of a shard; its hold lapses at `until` unless renewed. */
export interface WebhookLeaseRow {
  shard: number;
  holder: string;
  until: number;
}

/** The number in an owner's log up to which deliveries were created. */
export interface WebhookPositionRow {
  webhook_id: string;
  owner: string;
  position: number;
}

/** See `DeliveryRecord`. */
export interface WebhookDeliveryRow {
  webhook_id: string;
  id: string;
  owner: string;
  number: number | null;
  event: string;
  job_id: string | null;
  state: "pending" | "delivered" | "failed" | "cancelled";
  tries: number;
  due_at: number | null;
  by_hand: number;
  created_at: number;
  ended_at: number | null;
  /** When a resend request last made it due again. */
  resent_at: number | null;
  /** Its last try, as JSON. */
  last: string | null;
  /** A `WebhookPayload` as JSON. */
  payload: string;
  /** `DeliveryAttempt`s as JSON. */
  attempts: string;
}
