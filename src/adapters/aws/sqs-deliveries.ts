import type { Message as Received } from "@aws-sdk/client-sqs";
import type { DeliveryHandler } from "../../ports/broker.ts";
import { deliver } from "../deliver.ts";
import { closedError, lostError } from "./sqs-error.ts";
import { fromReceived } from "./sqs-message.ts";
import type { SqsQueue } from "./sqs-queue.ts";

/** The messages that one consumer was handed and has not settled. */
export interface SqsDeliveries {
  readonly unsettled: number;
  /** Hands a message to the handler. */
  deliver(message: Received): void;
  /** Stops extending. Held messages may be settled as long as they are ours. */
  rest(): void;
  /** Waits for settlements in flight, returns the rest, and refuses new ones. */
  end(): Promise<void>;
}

export interface SqsDeliveriesParts {
  queue: string;
  handler: DeliveryHandler;
  /** A function, because queues may be created again. */
  queues(): { main: SqsQueue; dead: SqsQueue };
  ownershipMs: number;
  /** There is room for another message. */
  onSettled(): void;
}

interface Held {
  id: string;
  receipt: string;
  /** By our own clock; SQS's deadline is slightly later. */
  ownedUntil: number;
  outcome: Promise<void> | null;
}

/** Safety margin for the network, taken off SQS's time. */
const MARGIN_MS = 100;

export function sqsDeliveries(parts: SqsDeliveriesParts): SqsDeliveries {
  const { queue, queues, ownershipMs } = parts;
  const visibleAfter = Math.ceil(ownershipMs / 1_000);
  const owned = () => performance.now() + visibleAfter * 1_000 - MARGIN_MS;
  const held = new Set<Held>();
  let unsettled = 0;
  let hasEnded = false;

  function settle(one: Held, how: () => Promise<void>): Promise<void> {
    if (one.outcome) return one.outcome;
    if (hasEnded) return Promise.reject(closedError());
    one.outcome = (isLost(one) ? Promise.reject(lostError(one.id)) : how()).finally(() => {
      held.delete(one);
      unsettled--;
      parts.onSettled();
    });
    return one.outcome;
  }

  async function extend(one: Held): Promise<void> {
    if (one.outcome) return one.outcome;
    if (hasEnded) throw closedError();
    if (isLost(one)) throw lostError(one.id);
    const ownedUntil = owned();
    const isOurs = await queues().main.setVisibility(one.receipt, visibleAfter);
    one.ownedUntil = isOurs ? ownedUntil : 0;
    if (!isOurs) throw lostError(one.id);
  }

  // Messages that the handler holds stay ours while this process lives; those of a dead one come again.
  const extending = setInterval(() => {
    const soon = performance.now() + (ownershipMs * 2) / 3;
    for (const one of held)
      if (one.outcome === null && one.ownedUntil < soon) void extend(one).catch(() => {});
  }, ownershipMs / 4);
  extending.unref();

  return {
    get unsettled() {
      return unsettled;
    },
    deliver(message) {
      const { id, payload, count } = fromReceived(message);
      const one: Held = { id, receipt: message.ReceiptHandle!, ownedUntil: owned(), outcome: null };
      held.add(one);
      unsettled++;
      deliver(parts.handler, {
        ...{ id, payload, queue, count },
        ack: () => settle(one, () => queues().main.remove(one.receipt)),
        retry: () => settle(one, async () => void (await queues().main.setVisibility(one.receipt, 0))),
        reject: () =>
          settle(one, async () => {
            await queues().dead.send({ id, payload });
            await queues().main.remove(one.receipt);
          }),
        extend: () => extend(one),
      });
    },
    rest: () => clearInterval(extending),
    async end() {
      await Promise.allSettled([...held].map((one) => one.outcome));
      hasEnded = true;
      const left = [...held].filter((one) => one.outcome === null && !isLost(one));
      await Promise.allSettled(left.map((one) => queues().main.setVisibility(one.receipt, 0)));
    },
  };
}

/** SQS silently ignores a stale receipt, so only the clock can tell. */
function isLost(one: Held): boolean {
  return performance.now() >= one.ownedUntil;
}
