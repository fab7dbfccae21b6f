import type { Channel, ConsumeMessage } from "amqplib";
import { MillraceError } from "../../errors.ts";
import type { DeliveryHandler } from "../../ports/broker.ts";
import { deliver } from "../deliver.ts";
import { gather } from "../gather.ts";

export interface DeliveriesSetup {
  queue: string;
  prefetch: number;
  handler: DeliveryHandler;
  /** Why settling is refused, once the broker is closed. */
  refusal: () => Error | undefined;
}

/** The messages that one channel was handed and has not settled. */
export interface Deliveries {
  deliver(message: ConsumeMessage): void;
  /** Whether nothing is held and no settlement is in flight. */
  isEmpty(): boolean;
  /** Waits for settlements in flight. */
  drain(): Promise<void>;
  /** The channel is gone, and RabbitMQ has returned its deliveries. */
  lose(error: Error): void;
}

interface Held {
  message: ConsumeMessage;
  /** Outcome of its settlement; `undefined` while unsettled. */
  outcome: Promise<void> | undefined;
}

interface Settling {
  held: Held;
  how: "ack" | "retry" | "reject";
  resolve: () => void;
  reject: (error: Error) => void;
}

/** @param onEmpty called whenever it becomes empty */
export function createDeliveries(channel: Channel, setup: DeliveriesSetup, onEmpty: () => void): Deliveries {
  // By delivery tag; the map's order is that of arrival, which is also that of the tags.
  const held = new Map<number, Held>();
  const settling = new Set<Promise<void>>();

  const add = gather<Settling>(async (batch) => {
    try {
      sendSettlements(channel, held, batch);
      // AMQP does not answer an acknowledgment, but an answer to anything sent after it shows that it was received.
      // Setting the current prefetch again is the cheapest request.
      await channel.prefetch(setup.prefetch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(lost(error));
    }
  });

  function isEmpty(): boolean {
    return held.size === 0 && settling.size === 0;
  }

  function settle(one: Held, how: Settling["how"]): Promise<void> {
    const refusal = one.outcome ? undefined : setup.refusal();
    if (refusal) return Promise.reject(refusal);
    if (!one.outcome) {
      const outcome = new Promise<void>((resolve, reject) => add({ held: one, how, resolve, reject }));
      one.outcome = outcome;
      settling.add(outcome);
      const ended = () => {
        settling.delete(outcome);
        if (isEmpty()) onEmpty();
      };
      outcome.then(ended, ended);
    }
    return one.outcome;
  }

  return {
    deliver(message) {
      const one: Held = { message, outcome: undefined };
      held.set(message.fields.deliveryTag, one);
      deliver(setup.handler, {
        id: String(message.properties.messageId ?? ""),
        payload: message.content.toString(),
        queue: setup.queue,
        count: Number(message.properties.headers?.["x-delivery-count"] ?? 0) + 1,
        ack: () => settle(one, "ack"),
        retry: () => settle(one, "retry"),
        reject: () => settle(one, "reject"),
        // The connection holds it.
        extend: async () => one.outcome,
      });
    },
    isEmpty,
    async drain() {
      await Promise.allSettled(settling);
    },
    lose(error) {
      for (const one of held.values()) {
        one.outcome ??= Promise.reject(error);
        one.outcome.catch(() => {});
      }
      held.clear();
    },
  };
}

/** Sends one acknowledgment for all that are acknowledged up to a tag, and one for each other. */
function sendSettlements(channel: Channel, held: Map<number, Held>, batch: readonly Settling[]): void {
  const acks = new Set<Held>();
  for (const { held: one, how } of batch) {
    if (how === "ack") acks.add(one);
    else {
      channel.nack(one.message, false, how === "retry");
      held.delete(one.message.fields.deliveryTag);
    }
  }
  let upTo: ConsumeMessage | undefined;
  for (const [tag, one] of held) {
    if (!acks.delete(one)) break;
    upTo = one.message;
    held.delete(tag);
  }
  if (upTo) channel.ack(upTo, true);
  for (const { message } of acks) {
    channel.ack(message);
    held.delete(message.fields.deliveryTag);
  }
}

export function lost(cause?: unknown): MillraceError {
  return new MillraceError("lost_ownership", "The delivery now belongs to another consumer", { cause });
}
