import { setTimeout as sleep } from "node:timers/promises";
import { GetQueueUrlCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { MillraceError } from "../../errors.ts";
import type { Broker, BrokerCapabilities, Message, PublishResult } from "../../ports/broker.ts";
import { consumeSqs, type SqsConsumer } from "./sqs-consumer.ts";
import { asSqsError, asSqsOpeningError, closedError, isMissingQueue } from "./sqs-error.ts";
import { parseSqsUrl, queueNameOf, sqsClient } from "./sqs-location.ts";
import { fromReceived, maxPayloadBytes } from "./sqs-message.ts";
import { createSqsQueues, type SqsQueue } from "./sqs-queue.ts";

export interface SqsOptions {
  /** Prefix of every queue name; overrides the URL's. */
  prefix?: string;
  /** A delivery comes again after this long without a sign of life from its process, in ms. @default 8_000 */
  ownershipMs?: number;
  /** How long a poll waits for a first message, in seconds, at most 20. @default 20 */
  waitSeconds?: number;
}

/** Standard queues of Amazon SQS, or of a compatible server, each with a dead-letter queue. */
export async function openSqsBroker(url: string, options: SqsOptions = {}): Promise<Broker> {
  const location = { ...parseSqsUrl(url), ...(options.prefix && { prefix: options.prefix }) };
  const { ownershipMs = 8_000, waitSeconds = 20 } = options;
  const clients = { commands: sqsClient(location), polls: sqsClient(location, waitSeconds * 1_000) };
  const queues = createSqsQueues(location, clients, Math.ceil(ownershipMs / 1_000));
  const consumers = new Set<SqsConsumer>();
  let closing: Promise<void> | null = null;
  const capabilities: BrokerCapabilities = {
    durable: true,
    depth: true,
    ownershipMs,
    deadLetters: true,
    countsDeliveries: true,
    maxPayloadBytes,
  };

  /** Calls `call` with the queue, or returns `otherwise` if there is none. */
  async function withQueue<T>(
    queue: string,
    which: "main" | "dead",
    otherwise: T,
    call: (queue: SqsQueue) => Promise<T>,
  ) {
    if (closing) throw closedError();
    try {
      const found = await queues.find(queue, which);
      return found ? await call(found) : otherwise;
    } catch (error) {
      throw asSqsError(error);
    }
  }

  async function close(): Promise<void> {
    await Promise.all([...consumers].map((consumer) => Promise.race([consumer.end(), after(3_000)])));
    await Promise.race([queues.idle(), after(1_000)]);
    clients.commands.destroy();
    clients.polls.destroy();
  }

  try {
    await askAnything(clients.commands, location.prefix);
  } catch (error) {
    clients.commands.destroy();
    clients.polls.destroy();
    throw asSqsOpeningError(error, location);
  }

  return {
    name: "sqs",
    capabilities,

    async publish(queue, messages) {
      if (messages.length === 0) return [];
      if (closing) return messages.map(() => ({ ok: false, error: closedError() }));
      try {
        const { main } = await queues.ensure(queue);
        return await Promise.all(
          messages.map((message) => publishOne(main, message, () => queues.forget(queue))),
        );
      } catch (error) {
        const failure = asSqsError(error);
        return messages.map(() => ({ ok: false, error: failure }));
      }
    },

    async consume(queue, consumeOptions, handler) {
      if (closing) throw closedError();
      const { signal } = consumeOptions;
      if (signal?.aborted) return { close: async () => {} };
      const both = await queues.ensure(queue).catch((error) => {
        throw asSqsError(error);
      });
      const restore = () => {
        queues.forget(queue);
        return queues.ensure(queue);
      };
      const parts = { queue, ...both, ownershipMs, waitSeconds, restore };
      const consumer = consumeSqs(parts, consumeOptions, handler);
      consumers.add(consumer);
      signal?.addEventListener("abort", () => void consumer.close(), { once: true });
      if (closing || signal?.aborted) await consumer.close();
      return { close: consumer.close };
    },

    depth: (queue) => withQueue(queue, "main", 0, (main) => main.waiting()),
    deadLetters: (queue, limit) => withQueue(queue, "dead", [] as Message[], (dead) => look(dead, limit)),

    async health() {
      if (closing) throw closedError();
      await askAnything(clients.commands, location.prefix).catch((error) => {
        throw asSqsError(error);
      });
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function publishOne(main: SqsQueue, message: Message, onMissing: () => void): Promise<PublishResult> {
  if (Buffer.byteLength(message.payload) > maxPayloadBytes) {
    const limit = `A payload on SQS is limited to ${maxPayloadBytes} bytes.`;
    return { ok: false, error: new MillraceError("payload_too_large", limit) };
  }
  try {
    await main.send(message);
    return { ok: true };
  } catch (error) {
    if (isMissingQueue(error)) onMissing();
    return { ok: false, error: asSqsError(error) };
  }
}

/** Asks for a queue that does not exist: any answer proves that SQS responds. */
async function askAnything(client: SQSClient, prefix: string): Promise<void> {
  const command = new GetQueueUrlCommand({ QueueName: queueNameOf(prefix, "health") });
  await client.send(command, { abortSignal: AbortSignal.timeout(2_000) }).catch((error) => {
    if (!isMissingQueue(error)) throw error;
  });
}

/** SQS shows messages only by delivering them, so this receives them briefly and puts them back. */
async function look(queue: SqsQueue, limit: number): Promise<Message[]> {
  const seen = new Map<string, { id: string; payload: string; sentAt: number }>();
  for (let empty = 0; empty < 2 && seen.size < limit; ) {
    const messages = await queue.receive({
      max: Math.min(10, limit - seen.size),
      waitSeconds: 0,
      visibleAfter: 30,
    });
    empty = messages.length === 0 ? empty + 1 : 0;
    for (const message of messages) seen.set(message.ReceiptHandle!, fromReceived(message));
  }
  await Promise.all([...seen.keys()].map((receipt) => queue.setVisibility(receipt, 0)));
  const oldestFirst = [...seen.values()].sort((a, b) => a.sentAt - b.sentAt);
  return oldestFirst.map(({ id, payload }) => ({ id, payload }));
}

function after(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
