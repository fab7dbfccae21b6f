import { MillraceError } from "../../errors.ts";
import type { Message, PublishResult } from "../../ports/broker.ts";
import { gather } from "../gather.ts";
import { closeChannel, type Link, unavailable } from "./connection.ts";
import { type Line, publishingLine } from "./publishing-line.ts";
import { REDECLARE_AFTER_MS, type Topology } from "./topology.ts";

export interface Publisher {
  publish(queue: string, message: Message): Promise<PublishResult>;
  /** Resolves when nothing is in flight any more. */
  drain(): Promise<void>;
}

interface Publication {
  queue: string;
  message: Message;
  /** Number of retries so far. */
  repeats: number;
  resolve: (result: PublishResult) => void;
}

/** A message unconfirmed for this long, in ms, is reported as `unavailable`; it may have arrived. */
const CONFIRM_MS = 10_000;
const REPEATS = 3;
const REPEAT_AFTER_MS = 200;

/** Publishes with confirms: everything from one turn of the event loop is sent before any is confirmed. */
export function createPublisher(link: Link, topology: Topology): Publisher {
  const open = new Set<Promise<void>>();
  const lines = publishingLine(link, topology);

  const add = gather<Publication>((batch) => {
    for (const [queue, some] of Map.groupBy(batch, (publication) => publication.queue))
      void send(queue, some);
  });

  async function send(queue: string, batch: Publication[]): Promise<void> {
    const left = new Set(batch);
    let fresh = false;
    let late: NodeJS.Timeout | undefined;
    let used: Promise<Line> | undefined;
    const take = (publication: Publication) => {
      const first = left.delete(publication);
      if (left.size === 0) clearTimeout(late);
      return first;
    };
    const fail = (publication: Publication, error: unknown) => {
      if (!take(publication)) return;
      // RabbitMQ may close the connection of a client that uses a quorum queue that another client is just creating.
      if (fresh && !isLasting(error) && publication.repeats < REPEATS) repeat(publication, REPEAT_AFTER_MS);
      else publication.resolve({ ok: false, error: unavailable(error) });
    };
    try {
      used = lines.current();
      const line = await used;
      fresh = !line.isDeclared(queue);
      await line.declare(queue);
      for (const publication of batch) {
        line.write(queue, publication.message, (error, isReturned) => {
          if (error) return fail(publication, error);
          if (!take(publication)) return;
          if (!isReturned) return publication.resolve({ ok: true });
          line.forget(queue);
          if (publication.repeats < REPEATS) return repeat(publication, REDECLARE_AFTER_MS);
          const cause = new Error("RabbitMQ found no queue for the message");
          publication.resolve({ ok: false, error: unavailable(cause) });
        });
      }
      late = setTimeout(() => {
        // A channel that published before its queue had a leader again may stay silent, so open a new one.
        lines.forget(used);
        void closeChannel(line.channel);
        fresh = false;
        for (const publication of left) fail(publication, new Error(`not confirmed within ${CONFIRM_MS} ms`));
      }, CONFIRM_MS);
    } catch (error) {
      for (const publication of left) fail(publication, error);
    }
  }

  function repeat(publication: Publication, afterMs: number): void {
    publication.repeats++;
    setTimeout(() => add(publication), afterMs);
  }

  return {
    publish(queue, message) {
      if (Buffer.byteLength(message.id) > 255) {
        const error = new MillraceError("payload_too_large", "An id on RabbitMQ is limited to 255 bytes");
        return Promise.resolve({ ok: false, error });
      }
      const { promise, resolve } = Promise.withResolvers<PublishResult>();
      const done = promise.then(() => void open.delete(done));
      open.add(done);
      add({ queue, message, repeats: 0, resolve });
      return promise;
    },
    async drain() {
      await Promise.all(open);
    },
  };
}

function isLasting(error: unknown): boolean {
  return error instanceof MillraceError && (error.code === "unavailable" || !error.retryable);
}
