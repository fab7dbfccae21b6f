import type pg from "pg";
import { MillraceError } from "../../../errors.ts";
import type { Message, PublishResult } from "../../../ports/broker.ts";
import { isOutage, toError } from "../connection.ts";
import { publishDeliveries } from "./deliveries.ts";

export const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** Whether a message may be published. */
export function check(message: Message): PublishResult {
  const bytes = Buffer.byteLength(message.payload);
  if (bytes <= MAX_PAYLOAD_BYTES) return { ok: true };
  const text = `The message has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed.`;
  return { ok: false, error: new MillraceError("payload_too_large", text) };
}

interface Publication {
  queue: string;
  messages: readonly Message[];
  resolve(failure: Error | null): void;
}

/** Publishes concurrent messages in one transaction. */
export function batched(pool: pg.Pool, onPublished: (queues: Set<string>) => void) {
  let waiting: Publication[] = [];

  const flush = async () => {
    const publications = waiting;
    waiting = [];
    await insert(publications);
  };
  const insert = async (publications: Publication[]): Promise<void> => {
    const rows = publications.flatMap(({ queue, messages }) =>
      messages.map(({ id, payload }) => ({ queue, id, payload })),
    );
    try {
      await pool.query(publishDeliveries(rows));
      for (const { resolve } of publications) resolve(null);
      onPublished(new Set(publications.map((one) => one.queue)));
    } catch (error) {
      // One that the database rejects must not fail the others.
      if (publications.length > 1 && !isOutage(error)) {
        for (const one of publications) await insert([one]);
        return;
      }
      for (const { resolve } of publications) resolve(toError(error));
    }
  };

  return (queue: string, messages: readonly Message[]) =>
    new Promise<Error | null>((resolve) => {
      if (waiting.push({ queue, messages, resolve }) === 1) setImmediate(() => void flush());
    });
}
