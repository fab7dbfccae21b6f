import type { ChannelModel, ConfirmChannel } from "amqplib";
import { MillraceError } from "../../errors.ts";
import type { Message, PublishResult } from "../../ports/broker.ts";
import { closeChannel, type Link, unavailable } from "./connection.ts";
import { gather } from "./gather.ts";
import { declareQueue, onChannel, REDECLARE_AFTER_MS, type Topology } from "./topology.ts";

export interface Publisher {
  publish(queue: string, message: Message): Promise<PublishResult>;
  /** Resolves when nothing is on the way any more. */
  drain(): Promise<void>;
}

interface Publication {
  queue: string;
  message: Message;
  /** Times that it was tried again. */
  repeats: number;
  resolve: (result: PublishResult) => void;
}

interface Line {
  model: ChannelModel;
  channel: ConfirmChannel;
  /** Queues that exist as far as we know. */
  declared: Map<string, Promise<unknown>>;
  /** Messages given back, whose confirmation is about to come. */
  returns: Map<string, number>;
}

/** Unconfirmed for so long, in ms, a message is reported as `unavailable`; it may have arrived. */
const CONFIRM_MS = 10_000;
const REPEATS = 3;
const REPEAT_AFTER_MS = 200;

/** Publishes with confirms: what comes in one turn of the event loop is on its way before any is confirmed. */
export function createPublisher(link: Link, topology: Topology): Publisher {
  const open = new Set<Promise<void>>();
  let line: Promise<Line> | undefined;
  let lineModel: ChannelModel | undefined;

  function forget(opened: Promise<Line> | undefined): void {
    if (line === opened) line = undefined;
  }

  function currentLine(): Promise<Line> {
    const model = link.model();
    const alarm = link.blocked();
    if (alarm !== undefined) throw unavailable(new Error(`RabbitMQ takes no messages: ${alarm}`));
    if (!line || lineModel !== model) {
      lineModel = model;
      const opened = openLine(model);
      const drop = () => forget(opened);
      opened.then(({ channel }) => channel.on("close", drop), drop);
      line = opened;
    }
    return line;
  }

  async function openLine(model: ChannelModel): Promise<Line> {
    const channel = await model.createConfirmChannel();
    const returns = new Map<string, number>();
    channel.on("error", () => {});
    channel.on("return", ({ fields, properties }) => {
      const key = keyOf(fields.routingKey, properties.messageId as string);
      returns.set(key, (returns.get(key) ?? 0) + 1);
    });
    return { model, channel, declared: new Map(), returns };
  }

  function declare({ model, declared }: Line, queue: string): Promise<unknown> {
    const known = declared.get(queue);
    if (known) return known;
    const declaring = onChannel(model, (channel) => declareQueue(channel, topology, queue));
    declared.set(queue, declaring);
    declaring.catch(() => declared.delete(queue));
    return declaring;
  }

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
      // RabbitMQ may end the connection of whoever uses a quorum queue that another is just creating.
      if (fresh && !isLasting(error) && publication.repeats < REPEATS) repeat(publication, REPEAT_AFTER_MS);
      else publication.resolve({ ok: false, error: unavailable(error) });
    };
    try {
      used = currentLine();
      const current = await used;
      fresh = !current.declared.has(queue);
      await declare(current, queue);
      for (const publication of batch) {
        write(current, publication, (error) => {
          if (error) return fail(publication, error);
          if (!take(publication)) return;
          if (!wasReturned(current, publication)) return publication.resolve({ ok: true });
          // The queue was deleted since it was declared.
          current.declared.delete(queue);
          if (publication.repeats < REPEATS) return repeat(publication, REDECLARE_AFTER_MS);
          const cause = new Error("RabbitMQ finds no queue for the message");
          publication.resolve({ ok: false, error: unavailable(cause) });
        });
      }
      late = setTimeout(() => {
        // A channel that published before its queue had a leader again may stay silent: begin a new one.
        forget(used);
        void closeChannel(current.channel);
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

  function write(
    { channel }: Line,
    { queue, message }: Publication,
    confirm: (error: unknown) => void,
  ): void {
    const options = { persistent: true, mandatory: true, messageId: message.id };
    channel.publish(topology.exchange, queue, Buffer.from(message.payload), options, confirm);
  }

  return {
    publish(queue, message) {
      if (Buffer.byteLength(message.id) > 255) {
        const error = new MillraceError("payload_too_large", "An id may have 255 bytes on RabbitMQ");
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

/** The return of a message comes before its confirmation; two with the same id are counted. */
function wasReturned({ returns }: Line, { queue, message }: Publication): boolean {
  if (returns.size === 0) return false;
  const key = keyOf(queue, message.id);
  const count = returns.get(key);
  if (count === undefined) return false;
  if (count === 1) returns.delete(key);
  else returns.set(key, count - 1);
  return true;
}

function keyOf(queue: string, id: string): string {
  return `${queue}\n${id}`;
}

function isLasting(error: unknown): boolean {
  return error instanceof MillraceError && (error.code === "unavailable" || !error.retryable);
}
