import { Admin, Consumer, type Message, Producer } from "@platformatic/kafka";
import { grouped } from "../grouped.ts";
import { CONCURRENCY, type JobData, type Peer } from "../peers/peer.ts";
import { openRecords, type Reference } from "./records.ts";

const PARTITIONS = 8;

/** The URL carries the topic as a parameter: `kafka://host:port?topic=`. */
function parse(url: string) {
  const parsed = new URL(url);
  return {
    topic: parsed.searchParams.get("topic")!,
    client: { clientId: "bench", bootstrapBrokers: [parsed.host] },
  };
}

/** Sends one idempotent batch at a time, spread over the partitions. Resolves when it is in the log. */
async function openProducer(url: string) {
  const { topic, client } = parse(url);
  const admin = new Admin(client);
  await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas: 1 });
  await admin.close();
  const producer = new Producer({ ...client, idempotent: true });
  let turn = 0;
  const send = grouped(async (batch: object[][]) => {
    const messages = batch.flat().map((message) => {
      const value = Buffer.from(JSON.stringify(message));
      return { topic, value, partition: turn++ % PARTITIONS };
    });
    await producer.send({ messages });
    return batch.map(() => undefined);
  });
  return { send, close: () => producer.close() };
}

/**
 * Handles messages in batches of 100, then commits each partition's offset. The next batch does not wait for the
 * commit; at most one commit is in flight.
 */
async function consume<T>(url: string, handle: (message: T) => Promise<unknown> | undefined) {
  const { topic, client } = parse(url);
  // The shortest session timeout that Kafka allows by default.
  const session = { sessionTimeout: 6_000, rebalanceTimeout: 6_000, heartbeatInterval: 1_000 };
  const consumer = new Consumer({
    ...client,
    ...session,
    groupId: topic,
    autocommit: false,
    maxWaitTime: 500,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
  const commit = grouped(async (batch: Message[][]) => {
    const last = new Map(batch.flat().map(({ partition, offset }) => [partition, offset]));
    const offsets = [...last].map(([partition, offset]) => ({
      topic,
      partition,
      offset: offset + 1n,
      leaderEpoch: -1,
    }));
    await consumer.commit({ offsets });
    return batch.map(() => undefined);
  });
  const run = grouped(async (messages: Message[]) => {
    await Promise.all(messages.map(({ value }) => handle(JSON.parse(value.toString()) as T)));
    void commit(messages).catch(() => {});
    return messages;
  }, CONCURRENCY);
  stream.on("data", (message) => void run(message));
  stream.on("error", () => {});
  return { close: () => consumer.close(true) };
}

/** Producer and consumer of the client that Millrace uses; acknowledging means committing an offset. */
export const kafka: Peer = {
  name: "bare Kafka client",
  async produce(url) {
    const { send, close } = await openProducer(url);
    return {
      add: (job) => send([job]),
      addMany: send,
      // The worker has counted them.
      unfinished: async () => 0,
      close,
    };
  },
  work: (url, onJob) => consume(url, onJob),
};

/** The same with records in PostgreSQL; takes `{broker, store}` as JSON in place of the URL. */
export const kafkaWithRecords: Peer = {
  name: "bare Kafka client with the same store writes",
  async produce(target) {
    const { broker, store } = JSON.parse(target) as { broker: string; store: string };
    const { send, close } = await openProducer(broker);
    const records = await openRecords(store);
    const addMany = async (jobs: JobData[]) => void send(await records.create(jobs));
    return {
      add: (job) => addMany([job]),
      addMany,
      unfinished: records.unfinished,
      async close() {
        await close();
        await records.close();
      },
    };
  },
  async work(target, onJob) {
    const { broker, store } = JSON.parse(target) as { broker: string; store: string };
    const records = await openRecords(store);
    const consuming = await consume<Reference>(broker, (task) => records.run(task, onJob));
    return {
      async close() {
        await consuming.close();
        await records.close();
      },
    };
  },
};
