import { type ConfirmChannel, connect } from "amqplib";
import { CONCURRENCY, type JobData, type OnJob, type Peer } from "../peers/peer.ts";
import { openRecords, type Reference } from "./records.ts";

/** The URL carries the queue's name as a parameter, because several share a server: `amqp://…?queue=`. */
async function open(url: string) {
  const parsed = new URL(url);
  const queue = parsed.searchParams.get("queue")!;
  parsed.searchParams.delete("queue");
  const connection = await connect(parsed.href, { noDelay: true });
  connection.on("error", () => {});
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
  return { connection, channel, queue };
}

/** Resolves when the queue has the message on disk. */
function publish(channel: ConfirmChannel, queue: string, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const content = Buffer.from(JSON.stringify(message));
    channel.sendToQueue(queue, content, { persistent: true }, (error) => (error ? reject(error) : resolve()));
  });
}

/** Acknowledges each message once it is handled. */
async function consume<T>(
  channel: ConfirmChannel,
  queue: string,
  handle: (message: T) => Promise<unknown> | undefined,
) {
  await channel.prefetch(CONCURRENCY);
  await channel.consume(queue, (message) => {
    if (!message) return;
    const done = handle(JSON.parse(message.content.toString()) as T);
    if (done) void done.then(() => channel.ack(message));
    else channel.ack(message);
  });
}

/** Publishes with confirms, consumes with a prefetch of 100, and acknowledges, on a durable quorum queue. */
export const rabbitmq: Peer = {
  name: "bare amqplib",
  async produce(url) {
    const { connection, channel, queue } = await open(url);
    return {
      add: (job) => publish(channel, queue, job),
      addMany: async (jobs) => void (await Promise.all(jobs.map((job) => publish(channel, queue, job)))),
      // RabbitMQ does not report how many are in flight; the worker has counted them.
      unfinished: async () => (await channel.checkQueue(queue)).messageCount,
      close: () => connection.close(),
    };
  },
  async work(url, onJob) {
    const { connection, channel, queue } = await open(url);
    await consume(channel, queue, onJob);
    return { close: () => connection.close() };
  },
};

/** The same with records in PostgreSQL; takes `{broker, store}` as JSON in place of the URL. */
export const rabbitmqWithRecords: Peer = {
  name: "bare amqplib with the same store writes",
  async produce(target) {
    const { broker, store } = JSON.parse(target) as { broker: string; store: string };
    const { connection, channel, queue } = await open(broker);
    const records = await openRecords(store);
    const addMany = async (jobs: JobData[]) => {
      for (const task of await records.create(jobs)) void publish(channel, queue, task);
    };
    return {
      add: (job) => addMany([job]),
      addMany,
      unfinished: records.unfinished,
      async close() {
        await connection.close();
        await records.close();
      },
    };
  },
  async work(target, onJob: OnJob) {
    const { broker, store } = JSON.parse(target) as { broker: string; store: string };
    const { connection, channel, queue } = await open(broker);
    const records = await openRecords(store);
    await consume<Reference>(channel, queue, (task) => records.run(task, onJob));
    return {
      async close() {
        await connection.close();
        await records.close();
      },
    };
  },
};
