import { setTimeout as sleep } from "node:timers/promises";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { MillraceError } from "../../errors.ts";
import { asSqsError } from "./sqs-error.ts";
import { parseSqsUrl, sqsClient } from "./sqs-location.ts";

export interface NotificationsOptions {
  /** Resolves when the message is dealt with; if it rejects, the message stays in the queue and comes again. */
  handle(body: string): Promise<void>;
  onError(error: Error): void;
  /** How long a poll waits for a first message, in seconds, at most 20. @default 20 */
  waitSeconds?: number;
}

/** How long a message is hidden from other consumers while it is handled, and again after a failure. */
const HIDDEN_SECONDS = 60;
const OUTAGE_MS = 5_000;

/**
 * Consumes the messages that a bucket sends to an SQS queue: `sqs://region/account?queue=NAME`, otherwise as in
 * `parseSqsUrl`. Deletes a message once it was handled; repeated failures are left to the queue's redrive policy.
 * Throws `config_invalid`.
 */
export function consumeNotifications(url: string, options: NotificationsOptions): { close(): Promise<void> } {
  const { location, queue } = parseQueueUrl(url);
  const { waitSeconds = 20 } = options;
  const client = sqsClient(location, waitSeconds * 1_000);
  const stop = new AbortController();
  const abortSignal = stop.signal;
  let queueUrl: string | undefined;

  async function receive(): Promise<Message[]> {
    const named = { QueueName: queue, QueueOwnerAWSAccountId: location.account };
    queueUrl ??= (await client.send(new GetQueueUrlCommand(named), { abortSignal })).QueueUrl!;
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: waitSeconds,
      VisibilityTimeout: HIDDEN_SECONDS,
    });
    return (await client.send(command, { abortSignal })).Messages ?? [];
  }

  async function take({ Body = "", ReceiptHandle }: Message): Promise<void> {
    const message = { QueueUrl: queueUrl!, ReceiptHandle: ReceiptHandle! };
    try {
      await options.handle(Body);
    } catch (error) {
      options.onError(error as Error);
      const seconds = error instanceof MillraceError ? error.retryAfter : undefined;
      if (seconds === undefined) return;
      const VisibilityTimeout = Math.min(43_200, Math.max(1, seconds));
      await client.send(new ChangeMessageVisibilityCommand({ ...message, VisibilityTimeout }));
      return;
    }
    await client.send(new DeleteMessageCommand(message));
  }

  async function run(): Promise<void> {
    while (!abortSignal.aborted) {
      try {
        const messages = await receive();
        await Promise.all(messages.map(take));
      } catch (error) {
        if (abortSignal.aborted) return;
        options.onError(asSqsError(error));
        queueUrl = undefined;
        await sleep(OUTAGE_MS, undefined, { signal: abortSignal }).catch(() => {});
      }
    }
  }

  const ended = run();
  return {
    async close() {
      stop.abort();
      await ended;
      client.destroy();
    },
  };
}

function parseQueueUrl(text: string) {
  const url = URL.canParse(text) ? new URL(text) : null;
  const queue = url?.searchParams.get("queue");
  if (!url || !queue) {
    throw new MillraceError(
      "config_invalid",
      "The queue of object events must have the form sqs://region/account?queue=NAME or sqs://host:port/?queue=NAME.",
    );
  }
  url.searchParams.delete("queue");
  return { location: parseSqsUrl(url.href), queue };
}
