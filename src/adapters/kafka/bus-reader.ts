import { Consumer } from "@platformatic/kafka";
import type { Subscribers } from "../subscribers.ts";
import { clientOptions } from "./client.ts";
import { createFetcher, type Fetcher } from "./fetcher.ts";
import type { KafkaSettings } from "./settings.ts";

/** Reads the bus's topic from its end on, beginning with the first call of `listen`, and calls the listeners. */
export interface BusReader {
  listen(): Promise<unknown>;
  close(): Promise<unknown>;
}

export function busReader(
  settings: KafkaSettings,
  topic: string,
  subscribers: Subscribers,
  channel: { ensure(): Promise<unknown>; forget(): void },
): BusReader {
  const client = new Consumer({ ...clientOptions(settings), groupId: `${topic}.reader` });
  const source = { partition: 0, position: null as number | null, lost: false };
  let listening: Promise<Fetcher> | null = null;
  let isInterrupted = false;

  async function start(): Promise<Fetcher> {
    await channel.ensure();
    client.topics.track(topic);
    const ends = await client.listOffsets({ topics: [topic], timestamp: -1n });
    source.position = Number(ends.get(topic)![0]);
    const fetcher = createFetcher(settings, client, {
      topic,
      sources: () => [source],
      received: (_source, _offset, record) =>
        subscribers.tell(record.key?.toString() ?? "", record.value?.toString() ?? ""),
      done: () => {},
      failing(now) {
        isInterrupted ||= now;
        if (now || !isInterrupted) return;
        isInterrupted = false;
        subscribers.tellOfGap();
      },
      missing() {
        channel.forget();
        return channel.ensure();
      },
    });
    fetcher.pump();
    return fetcher;
  }

  return {
    listen() {
      if (!listening) {
        listening = start();
        listening.catch(() => {
          listening = null;
        });
      }
      return listening;
    },
    async close() {
      await (await listening?.catch(() => null))?.close();
      await client.close(true);
    },
  };
}
