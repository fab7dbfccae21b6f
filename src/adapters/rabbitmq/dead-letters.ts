import type { Channel } from "amqplib";
import type { Message } from "../../ports/broker.ts";
import { deadQueueOf } from "./topology.ts";

const IDLE_MS = 1_000;
const MAX_PREFETCH = 65_535;

/**
 * Reads the oldest dead letters, which return to the queue when the channel closes. A quorum queue delivers returned
 * messages first, in the order of their return, so reading only some would reorder the queue; this reads all of it.
 */
export async function readDeadLetters(channel: Channel, queue: string, limit: number): Promise<Message[]> {
  const dead = deadQueueOf(queue);
  const { messageCount } = await channel.checkQueue(dead);
  if (messageCount === 0) return [];
  const letters: Message[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  // Another reader may take some in the meantime.
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
