import { type Admin, Consumer } from "@platformatic/kafka";
import type { Message } from "../../ports/broker.ts";
import { clientOptions, whenCoordinated } from "./client.ts";
import { createFetcher } from "./fetcher.ts";
import type { KafkaSettings } from "./settings.ts";

type Progress = ReadonlyMap<number, { position: number; waiting: number }>;

/**
 * Messages waiting in a topic: its group's lag. If a consumer of this process reads a partition, it knows which
 * messages were delivered; elsewhere, messages in flight count as waiting.
 */
export async function waitingIn(admin: Admin, topic: string, own: readonly Progress[]): Promise<number> {
  const metadata = await admin.metadata({ topics: [topic] });
  const indexes = metadata.topics.get(topic)!.partitions.map((_, partition) => partition);
  const at = (timestamp: bigint) => ({
    topics: [{ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
  });
  const [ends, starts, groups] = await Promise.all([
    admin.listOffsets(at(-1n)),
    admin.listOffsets(at(-2n)),
    whenCoordinated(() =>
      admin.listConsumerGroupOffsets({
        groups: [{ groupId: topic, topics: [{ name: topic, partitionIndexes: indexes }] }],
      }),
    ),
  ]);
  const offsets = (listed: typeof ends) =>
    new Map(listed[0]?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
  const [last, first] = [offsets(ends), offsets(starts)];
  const committed = new Map(
    groups[0]?.topics[0]?.partitions.map((one) => [one.partitionIndex, Number(one.committedOffset)]),
  );
  return indexes.reduce((sum, partition) => {
    const end = last.get(partition) ?? 0;
    const mine = own.find((progress) => progress.has(partition))?.get(partition);
    if (mine) return sum + Math.max(0, end - mine.position) + mine.waiting;
    return sum + Math.max(0, end - Math.max(committed.get(partition) ?? -1, first.get(partition) ?? 0));
  }, 0);
}

/** The oldest messages of a topic's first partition, read outside any group. */
export async function readFirst(settings: KafkaSettings, topic: string, limit: number): Promise<Message[]> {
  const client = new Consumer({ ...clientOptions(settings), groupId: `${topic}.reader` });
  client.topics.track(topic);
  try {
    const offset = async (timestamp: bigint) =>
      Number((await client.listOffsets({ topics: [topic], timestamp })).get(topic)![0]);
    const [start, end] = [await offset(-2n), await offset(-1n)];
    if (start >= end || limit < 1) return [];
    const messages: Message[] = [];
    const source = { partition: 0, position: start, lost: false };
    const done = Promise.withResolvers<void>();
    const fetcher = createFetcher(settings, client, {
      topic,
      sources: () => [source],
      received(_source, _offset, record) {
        const message = { id: record.key?.toString() ?? "", payload: record.value?.toString() ?? "" };
        if (messages.length < limit) messages.push(message);
      },
      done() {
        if (messages.length >= limit || source.position >= end) done.resolve();
      },
      failing: (failing) => failing && done.reject(new Error("reading was interrupted")),
      missing: async () => {},
    });
    fetcher.pump();
    await done.promise.finally(() => fetcher.close());
    return messages;
  } finally {
    await client.close(true).catch(() => {});
  }
}
