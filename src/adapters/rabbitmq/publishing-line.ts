import type { ChannelModel, ConfirmChannel } from "amqplib";
import type { Message } from "../../ports/broker.ts";
import { type Link, unavailable } from "./connection.ts";
import { declareQueue, onChannel, type Topology } from "./topology.ts";

/** An open channel that publishes with confirms. */
export interface Line {
  channel: ConfirmChannel;
  /** Whether the queue exists as far as we know. */
  isDeclared(queue: string): boolean;
  declare(queue: string): Promise<unknown>;
  /** The queue was deleted after it was declared. */
  forget(queue: string): void;
  /** @param confirmed called with whether RabbitMQ found no queue for the message */
  write(queue: string, message: Message, confirmed: (error: unknown, isReturned: boolean) => void): void;
}

/** The current line: a new one after the connection or the channel has changed. */
export function publishingLine(link: Link, topology: Topology) {
  let line: Promise<Line> | undefined;
  let lineModel: ChannelModel | undefined;

  function forget(opened: Promise<Line> | undefined): void {
    if (line === opened) line = undefined;
  }

  return {
    /** Throws `unavailable` while there is no connection, or while RabbitMQ accepts no messages. */
    current(): Promise<Line> {
      const model = link.model();
      const alarm = link.blocked();
      if (alarm !== undefined) throw unavailable(new Error(`RabbitMQ is not accepting messages: ${alarm}`));
      if (!line || lineModel !== model) {
        lineModel = model;
        const opened = openLine(model, topology);
        const drop = () => forget(opened);
        opened.then(({ channel }) => channel.on("close", drop), drop);
        line = opened;
      }
      return line;
    },
    /** Makes the next call open a new one. */
    forget,
  };
}

async function openLine(model: ChannelModel, topology: Topology): Promise<Line> {
  const channel = await model.createConfirmChannel();
  const declared = new Map<string, Promise<unknown>>();
  const takeReturn = countReturns(channel);
  channel.on("error", () => {});
  return {
    channel,
    isDeclared: (queue) => declared.has(queue),
    declare(queue) {
      const known = declared.get(queue);
      if (known) return known;
      const declaring = onChannel(model, (other) => declareQueue(other, topology, queue));
      declared.set(queue, declaring);
      declaring.catch(() => declared.delete(queue));
      return declaring;
    },
    forget: (queue) => void declared.delete(queue),
    write(queue, message, confirmed) {
      const options = { persistent: true, mandatory: true, messageId: message.id };
      channel.publish(topology.exchange, queue, Buffer.from(message.payload), options, (error) =>
        confirmed(error, !error && takeReturn(queue, message.id)),
      );
    },
  };
}

/**
 * A message's return arrives before its confirmation; returns with the same id are counted.
 * @returns whether a message that is now confirmed was returned
 */
function countReturns(channel: ConfirmChannel): (queue: string, id: string) => boolean {
  const returns = new Map<string, number>();
  channel.on("return", ({ fields, properties }) => {
    const key = keyOf(fields.routingKey, properties.messageId as string);
    returns.set(key, (returns.get(key) ?? 0) + 1);
  });
  return (queue, id) => {
    if (returns.size === 0) return false;
    const key = keyOf(queue, id);
    const count = returns.get(key);
    if (count === undefined) return false;
    if (count === 1) returns.delete(key);
    else returns.set(key, count - 1);
    return true;
  };
}

function keyOf(queue: string, id: string): string {
  return `${queue}\n${id}`;
}
