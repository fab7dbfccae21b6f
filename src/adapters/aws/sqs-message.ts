import type { Message as Received, SendMessageBatchRequestEntry } from "@aws-sdk/client-sqs";
import type { Message } from "../../ports/broker.ts";

/** Even in base64, a payload of this size and its id fit into the 256 KiB that every SQS-compatible server accepts. */
export const maxPayloadBytes = 180_000;
/** Total of all messages of a batch. */
export const maxBatchBytes = 256 * 1024;

/** SQS rejects empty bodies and characters that XML forbids; some servers reject everything outside the BMP. */
const refused = /^$|[^\t\n\r -\uD7FF\uE000-\uFFFD]/;

type Entry = Omit<SendMessageBatchRequestEntry, "Id">;

/** The id is an attribute, so that operators see the payload unchanged. */
export function toEntry({ id, payload }: Pick<Message, "id" | "payload">): Entry {
  const encoded = refused.test(payload);
  const text = (StringValue: string) => ({ DataType: "String", StringValue });
  return {
    MessageBody: encoded ? Buffer.from(payload).toString("base64") || "=" : payload,
    MessageAttributes: { id: text(id), ...(encoded && { encoding: text("base64") }) },
  };
}

export function fromReceived(message: Received): {
  id: string;
  payload: string;
  count: number;
  sentAt: number;
} {
  const body = message.Body ?? "";
  const encoded = message.MessageAttributes?.encoding?.StringValue === "base64";
  return {
    id: message.MessageAttributes?.id?.StringValue ?? message.MessageId ?? "",
    payload: encoded ? Buffer.from(body, "base64").toString() : body,
    count: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
    sentAt: Number(message.Attributes?.SentTimestamp ?? 0),
  };
}

export function sizeOf(entry: Entry): number {
  return Buffer.byteLength(entry.MessageBody ?? "") + 1_000;
}
