import type { Channel } from "amqplib";
import type { Message } from "../../ports/broker.ts";
import { deadQueueOf } from "./topology.ts";

const IDLE_MS = 1_000;
const MAX_PREFETCH = 65_535;

/**
 * Looks at the oldest dead letters; they go back when the channel closes. A quorum queue hands out first what
 * was given back, in the order in which it came back, so that looking at a part of it would turn its order
 * round: it is looked at whole.
 */
export async function readDeadLetters(channel: Channel, queue: string, limit: number): Promise<Message[]> {
  const dead = deadQueueOf(queue);
  const { messageCount } = await channel.checkQueue(dead);
  if (messageCount === 0) return [];
  const letters: Message[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  // Another reader may take some in between.
  const idle = setTimeout(resolve, IDLE_MS);
  let seen = 0;
  await channel.prefetch(Math.min(messageCount, MAX_PREFETCH));
  await channel.consume(dead, (message) => {
    if (!message) return resolve();
    idle.refresh();
    if (letters.length < limit) {
      letters.push({ id: String(message.properties.messageId), payload: message.content.toString() });
    }
    if (++seen === messageCount) resolve();
  });
  await promise;
  clearTimeout(idle);
  return letters;
}
