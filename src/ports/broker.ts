import type { ClaimResult } from "./store/tasks.ts";

/**
 * A broker moves deliveries to exactly one consumer each (competing consumers).
 *
 * The engine relies on these guarantees, and the conformance suite proves them:
 * - A resolved publish survives the death of the publisher.
 * - A delivery that is unsettled when its consumer's process or connection ends is delivered again.
 * - At most `prefetch` deliveries of one consumer are unsettled at any moment.
 * - `ack` is final, even across reconnects. Settling the same delivery twice is harmless.
 *
 * Order, duplicates and (see `durable`) whether a confirmed message survives a broker restart may vary; the engine
 * relies on none of them. A delivery is a hint; the store decides.
 *
 * All methods may be called concurrently. Errors are `MillraceError`s with `retryable` and `cause`: `unavailable` while
 * the broker is unreachable, `payload_too_large`, `lost_ownership`, `closed`.
 */
export interface Broker {
  /** The technology, for messages and metrics: `sqlite`, `postgres`, `redis`, `rabbitmq`, `kafka`, `sqs`. */
  readonly name: string;
  readonly capabilities: BrokerCapabilities;

  /**
   * Publishes messages to a queue, creating it if needed. Resolves once the broker has confirmed or refused each
   * message; results are in message order. Queue names allow what pipeline names allow (letters, digits, `.`, `-`, `_`,
   * `/`), up to 200 characters.
   */
  publish(queue: string, messages: readonly Message[]): Promise<PublishResult[]>;

  /**
   * Calls `handler` for each delivery of the queue until the consumer is closed. A handler that throws or rejects
   * returns its delivery, as `retry()` does. Setup is idempotent and may run concurrently; the promise resolves when
   * deliveries can arrive. The consumer reconnects by itself after an outage, and unsettled deliveries come again.
   */
  consume(queue: string, options: ConsumeOptions, handler: DeliveryHandler): Promise<Consumer>;

  /** Messages waiting in the queue, excluding those already delivered. Only with `capabilities.depth`. */
  depth?(queue: string): Promise<number>;
  /** Messages in the broker's own dead-letter queue, oldest first. Only with `capabilities.deadLetters`. */
  deadLetters?(queue: string, limit: number): Promise<Message[]>;

  /** Resolves when the broker answers; rejects with `unavailable` if it does not within 2 s. */
  health(): Promise<void>;
  /** Stops deliveries, waits for settlements in flight, and leaves no handle open. Idempotent. */
  close(): Promise<void>;
}

export interface BrokerCapabilities {
  /** A confirmed message survives a restart of the broker. */
  readonly durable: boolean;
  readonly depth: boolean;
  /**
   * Ownership of a delivery expires after this many ms unless `extend` is called; `null` if it lasts as long as the
   * connection.
   */
  readonly ownershipMs: number | null;
  /** `reject` moves the message to the broker's own dead-letter queue. */
  readonly deadLetters: boolean;
  /** `Delivery.count` is accurate across redeliveries. */
  readonly countsDeliveries: boolean;
  /** Largest payload in bytes; a larger one is refused with `payload_too_large`. */
  readonly maxPayloadBytes: number;
}

export interface Message {
  /** Chosen by the publisher and returned in the delivery. Publishing the same id again may deliver it again. */
  id: string;
  /** At most `maxPayloadBytes` bytes of UTF-8. */
  payload: string;
}

export type PublishResult = { ok: true } | { ok: false; error: Error };

export interface ConsumeOptions {
  /** Deliveries that may be unsettled at once, at least 1. */
  prefetch: number;
  /**
   * Lets a broker that shares the store's database claim tasks for this worker in the transaction that delivers them.
   * Other brokers ignore it. `leaseMs` is the length of the first lease. Such a delivery may count as settled as soon
   * as settlement of its task is requested, because its step is over.
   */
  claimFor?: { worker: string; leaseMs: number };
  /** Aborting it closes the consumer. */
  signal?: AbortSignal;
}

export type DeliveryHandler = (delivery: Delivery) => void | Promise<void>;

export interface Delivery {
  readonly id: string;
  readonly payload: string;
  readonly queue: string;
  /** 1 on the first delivery; higher on redelivery if `countsDeliveries`. */
  readonly count: number;
  /** The claim made together with this delivery, if any. Settling its task also settles the delivery. */
  readonly claim?: Extract<ClaimResult, { claimed: true }>;
  /** Settles the delivery for good. Rejects with `lost_ownership` if another consumer owns it by now. */
  ack(): Promise<void>;
  /** Returns the delivery, which soon goes to any consumer. */
  retry(): Promise<void>;
  /** Drops the message, or moves it to the broker's dead-letter queue if it has one. */
  reject(): Promise<void>;
  /** Keeps ownership for another `ownershipMs`; a no-op if the connection holds it. */
  extend(): Promise<void>;
}

export interface Consumer {
  /** Stops new deliveries. Unsettled ones may still be settled, or come again elsewhere. Idempotent. */
  close(): Promise<void>;
}
