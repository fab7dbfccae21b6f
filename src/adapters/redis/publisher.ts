import type { Redis } from "ioredis";
import { MillraceError } from "../../errors.ts";
import type { Message, PublishResult } from "../../ports/broker.ts";
import { gather } from "../gather.ts";
import { unavailable } from "./connection.ts";

export interface Publisher {
  publish(stream: string, message: Message): Promise<PublishResult>;
  /** Resolves when nothing is in flight any more. */
  drain(): Promise<void>;
}

export const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Commands written to the socket together. */
const PIPELINE = 1_000;

interface Publication {
  stream: string;
  message: Message;
  resolve: (result: PublishResult) => void;
}

/** Adds messages to streams, batched per turn of the event loop. */
export function createPublisher(redis: Redis): Publisher {
  const underWay = new Set<Promise<unknown>>();
  const add = gather<Publication>((batch) => {
    for (let from = 0; from < batch.length; from += PIPELINE) {
      const sent = send(redis, batch.slice(from, from + PIPELINE));
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
    }
  });

  return {
    publish(stream, message) {
      if (Buffer.byteLength(message.payload) > MAX_PAYLOAD_BYTES) return Promise.resolve(tooLarge(message));
      return new Promise((resolve) => add({ stream, message, resolve }));
    },
    async drain() {
      // What was published in this turn has not been sent yet.
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(underWay);
    },
  };
}

async function send(redis: Redis, batch: Publication[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const { stream, message } of batch) pipeline.xadd(stream, "*", "i", message.id, "p", message.payload);
  try {
    const replies = (await pipeline.exec()) ?? [];
    batch.forEach(({ resolve }, index) => {
      const error = replies[index] ? replies[index][0] : new Error("no reply");
      resolve(error ? { ok: false, error: unavailable(error) } : { ok: true });
    });
  } catch (error) {
    for (const { resolve } of batch) resolve({ ok: false, error: unavailable(error) });
  }
}

function tooLarge(message: Message): PublishResult {
  const text = `The message ${message.id.slice(0, 100)} is larger than ${MAX_PAYLOAD_BYTES} bytes`;
  return { ok: false, error: new MillraceError("payload_too_large", text) };
}
