import { setTimeout as sleep } from "node:timers/promises";
import type { Message as Received } from "@aws-sdk/client-sqs";
import type { ConsumeOptions, DeliveryHandler } from "../../ports/broker.ts";
import { sqsDeliveries } from "./sqs-deliveries.ts";
import { isMissingQueue } from "./sqs-error.ts";
import type { SqsQueue } from "./sqs-queue.ts";

export interface SqsConsumer {
  /** Stops receiving and extending. Held messages may be settled as long as they are ours. */
  close(): Promise<void>;
  /** Waits for settlements in flight, returns the rest, and refuses new ones. */
  end(): Promise<void>;
}

export interface SqsConsumerParts {
  queue: string;
  main: SqsQueue;
  dead: SqsQueue;
  ownershipMs: number;
  waitSeconds: number;
  /** Creates the queue again, because it was deleted. */
  restore(): Promise<{ main: SqsQueue; dead: SqsQueue }>;
}

/** Most concurrent long polls; each fetches ten messages. */
const MAX_POLLS = 8;

export function consumeSqs(
  parts: SqsConsumerParts,
  options: ConsumeOptions,
  handler: DeliveryHandler,
): SqsConsumer {
  const { queue, ownershipMs } = parts;
  const visibleAfter = Math.ceil(ownershipMs / 1_000);
  const stopped = new AbortController();
  let queues = { main: parts.main, dead: parts.dead };
  const deliveries = sqsDeliveries({
    ...{ queue, handler, ownershipMs },
    queues: () => queues,
    onSettled: pump,
  });
  /** Messages that the polls in flight may bring. */
  let asked = 0;
  let polls = 0;
  /** The last poll was full, so more is waiting. */
  let busy = false;
  let failures = 0;

  function pump(): void {
    // One poll waits for a first message; more join it while they come back full.
    const room = options.prefetch - deliveries.unsettled - asked;
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
      messages = await queues.main.receive({ max, waitSeconds, visibleAfter, signal: stopped.signal });
      failures = 0;
    } catch (error) {
      if (!stopped.signal.aborted) await recover(error);
    }
    asked -= max;
    polls--;
    busy = messages.length === max && max === 10;
    for (const message of messages) {
      // While stopping, a new message would stay ours until its ownership expires.
      if (stopped.signal.aborted) queues.main.setVisibility(message.ReceiptHandle!, 0).catch(() => {});
      else deliveries.deliver(message);
    }
  }

  async function recover(error: unknown): Promise<void> {
    if (isMissingQueue(error)) queues = await parts.restore().catch(() => queues);
    const wait = Math.min(50 * 2 ** failures++, 2_000);
    await sleep(wait, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
  }

  pump();
  return {
    close,
    async end() {
      await close();
      await deliveries.end();
    },
  };

  async function close(): Promise<void> {
    deliveries.rest();
    stopped.abort();
  }
}
