import type { ClaimResult } from "./store/tasks.ts";

/**
 * A broker moves deliveries to exactly one consumer each (competing consumers).
 *
 * What the engine relies on, and the conformance suite proves:
 * - A resolved publish survives the death of the publisher.
 * - A delivery that was not settled when its consumer's process or connection ended comes again.
 * - At most `prefetch` deliveries of one consumer are unsettled at any moment.
 * - `ack` is final, also across reconnects. Settling the same delivery twice is harmless.
 *
 * What may vary, so that the engine never relies on it: order, duplicates, and (see `durable`)
 * whether a confirmed message survives the broker itself. A delivery is a hint; the store decides.
 *
 * All methods may be called concurrently. Errors are `MillraceError`s with `retryable` and `cause`:
 * `unavailable` while the broker cannot be reached, `payload_too_large`, `lost_ownership`, `closed`.
 */
export interface Broker {
  /** The technology, for messages and metrics: `sqlite`, `postgres`, `redis`, `rabbitmq`, `kafka`, `sqs`. */
  readonly name: string;
  readonly capabilities: BrokerCapabilities;

  /**
   * Hands messages to a queue, creating it when it is missing. Resolves when the broker has confirmed
   * or refused each; the results are in the order of the messages. Queue names may hold any characters
   * that a pipeline's name may (letters, digits, `.`, `-`, `_`, `/`), up to 200.
   */
  publish(queue: string, messages: readonly Message[]): Promise<PublishResult[]>;

  /**
   * Calls `handler` for each delivery of the queue until the consumer is closed. A handler that throws
   * or rejects returns its delivery as `retry()` does. Set-up is idempotent and may run concurrently;
   * the promise resolves when deliveries can arrive. Outages are ridden out: the consumer comes back
   * by itself, and what was unsettled comes again.
   */
  consume(queue: string, options: ConsumeOptions, handler: DeliveryHandler): Promise<Consumer>;

  /** Messages that wait in the queue, not counting those delivered. Only with `capabilities.depth`. */
  depth?(queue: string): Promise<number>;
  /** Ids in the broker's own dead-letter queue, oldest first. Only with `capabilities.deadLetters`. */
  deadLetters?(queue: string, limit: number): Promise<Message[]>;

  /** Resolves when the broker answers, and rejects with `unavailable` when it does not within 2 s. */
  health(): Promise<void>;
  /** Stops deliveries, lets settlements under way finish, and leaves no handle open. Idempotent. */
  close(): Promise<void>;
}

export interface BrokerCapabilities {
  /** A confirmed message survives a restart of the broker. */
  readonly durable: boolean;
  readonly depth: boolean;
  /** Ownership of a delivery expires unless `extend` is called; ms, or `null` when a connection holds it. */
  readonly ownershipMs: number | null;
  /** `reject` puts the message into a dead-letter queue of the broker's own. */
  readonly deadLetters: boolean;
  /** `Delivery.count` counts redeliveries truthfully. */
  readonly countsDeliveries: boolean;
  /** The largest payload in bytes; a larger one is refused with `payload_too_large`. */
  readonly maxPayloadBytes: number;
}

export interface Message {
  /** Chosen by the publisher; comes back in the delivery. Publishing an id again may deliver it again. */
  id: string;
  /** Text of at most `maxPayloadBytes` bytes in UTF-8. */
  payload: string;
}

export type PublishResult = { ok: true } | { ok: false; error: Error };

export interface ConsumeOptions {
  /** Deliveries that may be unsettled at once, from 1. */
  prefetch: number;
  /**
   * A broker that is one with the store may claim what it delivers for this worker, in the transaction that
   * hands it out; any other ignores this. `leaseMs` is how long such a claim holds at first. Such a delivery
   * may count as settled from when its task's settlement is asked for: its step is over.
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
  /** 1 at the first delivery; higher on redelivery where `countsDeliveries`. */
  readonly count: number;
  /** The claim that came with it. Settling that task also settles the delivery. */
  readonly claim?: Extract<ClaimResult, { claimed: true }>;
  /** Settles the delivery for good. Rejects with `lost_ownership` when it is another consumer's by now. */
  ack(): Promise<void>;
  /** Gives it back: it is delivered again soon, to any consumer. */
  retry(): Promise<void>;
  /** Drops it, into the broker's dead-letter queue where it has one. */
  reject(): Promise<void>;
  /** Keeps ownership for another `ownershipMs`; a no-op where a connection holds it. */
  extend(): Promise<void>;
}

export interface Consumer {
  /** Stops new deliveries. Unsettled ones may still be settled, or come again elsewhere. Idempotent. */
  close(): Promise<void>;
}
