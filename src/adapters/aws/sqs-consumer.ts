import { setTimeout as sleep } from "node:timers/promises";
import type { Message as Received } from "@aws-sdk/client-sqs";
import type { ConsumeOptions, Delivery, DeliveryHandler } from "../../ports/broker.ts";
import { closedError, isMissingQueue, lostError } from "./sqs-error.ts";
import { fromReceived } from "./sqs-message.ts";
import type { SqsQueue } from "./sqs-queue.ts";

export interface SqsConsumer {
  /** Stops receiving and extending. What is held may be settled as long as it is ours. */
  close(): Promise<void>;
  /** Waits for settlements under way, gives back the rest, and refuses others. */
  end(): Promise<void>;
}

export interface SqsConsumerParts {
  queue: string;
  main: SqsQueue;
  dead: SqsQueue;
  ownershipMs: number;
  waitSeconds: number;
  /** The queue has gone: creates it again. */
  restore(): Promise<{ main: SqsQueue; dead: SqsQueue }>;
}

interface Held {
  id: string;
  receipt: string;
  /** By our own clock; SQS's ends a little later. */
  ownedUntil: number;
  outcome: Promise<void> | null;
}

/** Long polls in parallel at most; one fetches ten messages. */
const MAX_POLLS = 8;

export function consumeSqs(
  parts: SqsConsumerParts,
  options: ConsumeOptions,
  handler: DeliveryHandler,
): SqsConsumer {
  const { queue, ownershipMs } = parts;
  const visibleAfter = Math.ceil(ownershipMs / 1_000);
  const held = new Set<Held>();
  const stopped = new AbortController();
  let { main, dead } = parts;
  let unsettled = 0;
  /** Messages that the polls under way may bring. */
  let asked = 0;
  let polls = 0;
  /** The last poll came back full: more is waiting. */
  let busy = false;
  let failures = 0;
  let ended = false;

  function pump(): void {
    // One poll waits for a first message; more join it while they come back full.
    const room = options.prefetch - unsettled - asked;
    if (stopped.signal.aborted || room < 1 || polls >= MAX_POLLS || (polls > 0 && !busy)) return;
    const max = Math.min(room, 10);
    asked += max;
    polls++;
    void poll(max).finally(pump);
    pump();
  }

  async function poll(max: number): Promise<void> {
    let messages: Received[] = [];
    try {
      const waitSeconds = polls > 1 ? 0 : parts.waitSeconds;
      messages = await main.receive({ max, waitSeconds, visibleAfter, signal: stopped.signal });
      failures = 0;
    } catch (error) {
      if (!stopped.signal.aborted) await recover(error);
    }
    asked -= max;
    polls--;
    busy = messages.length === max && max === 10;
    for (const message of messages) deliver(message);
  }

  async function recover(error: unknown): Promise<void> {
    if (isMissingQueue(error)) await parts.restore().then(replace, () => {});
    const wait = Math.min(50 * 2 ** failures++, 2_000);
    await sleep(wait, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
  }

  function replace(both: { main: SqsQueue; dead: SqsQueue }): void {
    ({ main, dead } = both);
  }

  function deliver(message: Received): void {
    const { id, payload, count } = fromReceived(message);
    const one: Held = {
      id,
      receipt: message.ReceiptHandle!,
      ownedUntil: performance.now() + visibleAfter * 1_000 - 100,
      outcome: null,
    };
    // Without `stopped` it would be ours until its time has passed.
    if (stopped.signal.aborted) return void main.setVisibility(one.receipt, 0).catch(() => {});
    held.add(one);
    unsettled++;
    const delivery: Delivery = {
      id,
      payload,
      queue,
      count,
      ack: () => settle(one, () => main.remove(one.receipt)),
      retry: () => settle(one, () => main.setVisibility(one.receipt, 0).then(() => {})),
      reject: () =>
        settle(one, async () => {
          await dead.send({ id, payload });
          await main.remove(one.receipt);
        }),
      extend: () => extend(one),
    };
    const giveBack = () => void delivery.retry().catch(() => {});
    try {
      Promise.resolve(handler(delivery)).catch(giveBack);
    } catch {
      giveBack();
    }
  }

  function settle(one: Held, how: () => Promise<void>): Promise<void> {
    if (one.outcome) return one.outcome;
    if (ended) return Promise.reject(closedError());
    one.outcome = (isLost(one) ? Promise.reject(lostError(one.id)) : how()).finally(() => {
      held.delete(one);
      unsettled--;
      pump();
    });
    return one.outcome;
  }

  /** SQS deletes nothing with a stale receipt, and says nothing: the clock tells. */
  function isLost(one: Held): boolean {
    return performance.now() >= one.ownedUntil;
  }

  async function extend(one: Held): Promise<void> {
    if (one.outcome) return one.outcome;
    if (ended) throw closedError();
    if (isLost(one)) throw lostError(one.id);
    const from = performance.now();
    if (!(await main.setVisibility(one.receipt, visibleAfter))) {
      one.ownedUntil = 0;
      throw lostError(one.id);
    }
    one.ownedUntil = from + visibleAfter * 1_000 - 100;
  }

  // What the handler holds stays ours while this process lives; a dead one's comes again.
  const extending = setInterval(() => {
    const soon = performance.now() + (ownershipMs * 2) / 3;
    for (const one of held)
      if (one.outcome === null && one.ownedUntil < soon) void extend(one).catch(() => {});
  }, ownershipMs / 4);
  extending.unref();

  async function close(): Promise<void> {
    clearInterval(extending);
    stopped.abort();
  }

  pump();
  return {
    close,
    async end() {
      await close();
      await Promise.allSettled([...held].map((one) => one.outcome));
      ended = true;
      const left = [...held].filter((one) => one.outcome === null && !isLost(one));
      await Promise.allSettled(left.map((one) => main.setVisibility(one.receipt, 0)));
    },
  };
}
