import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message as Received,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Message } from "../../ports/broker.ts";
import { createBatches } from "./sqs-batches.ts";
import { asSqsError, isMissingQueue, isStaleReceipt } from "./sqs-error.ts";
import { queueNameOf, type SqsLocation } from "./sqs-location.ts";
import { maxBatchBytes, sizeOf, toEntry } from "./sqs-message.ts";

/** One SQS queue, with batched calls. */
export interface SqsQueue {
  send(message: Pick<Message, "id" | "payload">): Promise<void>;
  /** @param waitSeconds how long to wait for the first message */
  receive(options: {
    max: number;
    waitSeconds: number;
    visibleAfter: number;
    signal?: AbortSignal;
  }): Promise<Received[]>;
  /** Deletes the message of a receipt. A stale receipt deletes nothing, or already did. */
  remove(receipt: string): Promise<void>;
  /** Sets after how many seconds the message comes again. Returns whether the receipt was still valid. */
  setVisibility(receipt: string, seconds: number): Promise<boolean>;
  /** Approximate number of waiting messages. */
  waiting(): Promise<number>;
  /** Waits until everything added has been sent. */
  idle(): Promise<void>;
}

export interface SqsQueues {
  /** The queue and its dead-letter queue; creates both if needed. */
  ensure(queue: string): Promise<{ main: SqsQueue; dead: SqsQueue }>;
  /** The queue or its dead-letter queue, if it exists. */
  find(queue: string, which: "main" | "dead"): Promise<SqsQueue | null>;
  /** Forgets a queue that may have been deleted, so that it is looked up again. */
  forget(queue: string): void;
  idle(): Promise<void>;
}

/** Deliveries after which SQS itself dead-letters a message: well above any number of attempts. */
const MAX_RECEIVE_COUNT = 100;
const FOURTEEN_DAYS = "1209600";

export function createSqsQueues(
  location: SqsLocation,
  clients: { commands: SQSClient; polls: SQSClient },
  visibilitySeconds: number,
): SqsQueues {
  const { commands } = clients;
  const known = new Map<string, Promise<{ main: SqsQueue; dead: SqsQueue }>>();

  async function urlOf(name: string): Promise<string | null> {
    try {
      const input = {
        QueueName: name,
        ...(location.account && { QueueOwnerAWSAccountId: location.account }),
      };
      return (await commands.send(new GetQueueUrlCommand(input))).QueueUrl ?? null;
    } catch (error) {
      if (isMissingQueue(error)) return null;
      throw error;
    }
  }

  async function create(name: string, attributes: Record<string, string>): Promise<string> {
    const present = await urlOf(name);
    if (present) return present;
    const Attributes = { MessageRetentionPeriod: FOURTEEN_DAYS, ...attributes };
    const created = await commands
      .send(new CreateQueueCommand({ QueueName: name, Attributes }))
      .catch(async (error) => {
        // Another process created it first, with other attributes.
        const url = await urlOf(name);
        if (url) return { QueueUrl: url };
        throw error;
      });
    return created.QueueUrl!;
  }

  async function set(queue: string): Promise<{ main: SqsQueue; dead: SqsQueue }> {
    const name = queueNameOf(location.prefix, queue);
    const deadUrl = await create(`${name}-dead`, {});
    const arn = new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ["QueueArn"] });
    const deadLetterTargetArn = (await commands.send(arn)).Attributes!.QueueArn;
    const mainUrl = await create(name, {
      VisibilityTimeout: String(visibilitySeconds),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVE_COUNT }),
    });
    return { main: createSqsQueue(clients, mainUrl), dead: createSqsQueue(clients, deadUrl) };
  }

  return {
    ensure(queue) {
      let both = known.get(queue);
      if (!both) {
        both = set(queue);
        known.set(queue, both);
        both.catch(() => known.delete(queue));
      }
      return both;
    },
    async find(queue, which) {
      const both = await known.get(queue)?.catch(() => null);
      if (both) return both[which];
      const name = queueNameOf(location.prefix, queue);
      const url = await urlOf(which === "dead" ? `${name}-dead` : name);
      return url ? createSqsQueue(clients, url) : null;
    },
    forget: (queue) => void known.delete(queue),
    async idle() {
      const all = await Promise.all([...known.values()].map((both) => both.catch(() => null)));
      await Promise.all(all.flatMap((both) => (both ? [both.main.idle(), both.dead.idle()] : [])));
    },
  };
}

function createSqsQueue(
  { commands, polls }: { commands: SQSClient; polls: SQSClient },
  QueueUrl: string,
): SqsQueue {
  const small = { bytes: Number.POSITIVE_INFINITY, parallel: 8 };

  const sends = createBatches(
    { bytes: maxBatchBytes, parallel: 8 },
    async (entries: ReturnType<typeof toEntry>[]) => {
      const Entries = entries.map((entry, index) => ({ ...entry, Id: String(index) }));
      const { Failed } = await commands.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      return outcomes(entries.length, Failed);
    },
  );
  const removals = createBatches(small, async (receipts: string[]) => {
    const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    const { Failed } = await commands.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    return outcomes(receipts.length, Failed);
  });
  const changes = createBatches(small, async (wanted: { receipt: string; seconds: number }[]) => {
    const Entries = wanted.map(({ receipt, seconds }, index) => ({
      Id: String(index),
      ReceiptHandle: receipt,
      VisibilityTimeout: seconds,
    }));
    const { Failed } = await commands.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
    return outcomes(wanted.length, Failed);
  });

  return {
    async send(message) {
      const entry = toEntry(message);
      accept(await sends.add(entry, sizeOf(entry)).catch(rethrow));
    },
    async receive({ max, waitSeconds, visibleAfter, signal }) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(max, 10),
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibleAfter,
        MessageAttributeNames: ["All"],
        MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
      });
      return (await polls.send(command, { abortSignal: signal })).Messages ?? [];
    },
    async remove(receipt) {
      const failure = await removals.add(receipt).catch(rethrow);
      if (failure && !isStaleReceipt(failure.name)) accept(failure);
    },
    async setVisibility(receipt, seconds) {
      const failure = await changes.add({ receipt, seconds }).catch(rethrow);
      if (failure && !isStaleReceipt(failure.name)) accept(failure);
      return failure === null;
    },
    async waiting() {
      const names = ["ApproximateNumberOfMessages" as const, "ApproximateNumberOfMessagesDelayed" as const];
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: names });
      const { Attributes } = await commands.send(command).catch(rethrow);
      return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
    },
    async idle() {
      await Promise.all([sends.idle(), removals.idle(), changes.idle()]);
    },
  };
}

/** SQS's answer for each entry of a batch: an error, or `null`. */
function outcomes(
  count: number,
  failed: { Id?: string; Code?: string; Message?: string }[] = [],
): (Error | null)[] {
  const results: (Error | null)[] = Array.from({ length: count }, () => null);
  for (const { Id, Code, Message } of failed) {
    results[Number(Id)] = Object.assign(new Error(Message ?? Code), { name: Code ?? "unknown error" });
  }
  return results;
}

function accept(outcome: Error | null): void {
  if (outcome) throw asSqsError(outcome);
}

function rethrow(error: unknown): never {
  throw isMissingQueue(error) ? error : asSqsError(error);
}
