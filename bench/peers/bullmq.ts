import { createPostgresBackend, FlowProducer, Queue, runMigrations, Worker, withBackend } from "bullmq";
import pg from "pg";
import { CONCURRENCY, type JobData, type OnJob, type Peer, type Producer, QUEUE } from "./peer.ts";

/** Removes finished jobs, as BullMQ's production guide recommends. */
const defaultJobOptions = { removeOnComplete: true, removeOnFail: 1_000 };

export const bullmq: Peer = {
  name: "BullMQ",
  async produce(url) {
    const queue = new Queue<JobData>(QUEUE, { connection: { url }, defaultJobOptions });
    await queue.waitUntilReady();
    const flows = new FlowProducer({ connection: { url } });
    const common = { name: "job", queueName: QUEUE, opts: defaultJobOptions };
    const own = producer(queue);
    return {
      ...own,
      async addFlow(children) {
        await flows.add({ ...common, data: {}, children: children.map((data) => ({ ...common, data })) });
      },
      async close() {
        await flows.close();
        await own.close();
      },
    };
  },
  async work(url, onJob) {
    const worker = new Worker<JobData>(QUEUE, run(onJob), { connection: { url }, concurrency: CONCURRENCY });
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  },
};

const onPostgres = withBackend(createPostgresBackend);

/** PostgreSQL gains nothing from one connection per concurrent job. */
const pool = (connectionString: string) => ({ connectionString, max: 20 });

export const bullmqPostgres: Peer = {
  name: "BullMQ",
  async produce(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await runMigrations(client);
    await client.end();
    const queue = new onPostgres.Queue<JobData>(QUEUE, { connection: pool(url), defaultJobOptions });
    await queue.waitUntilReady();
    return producer(queue);
  },
  async work(url, onJob) {
    const options = { connection: pool(url), concurrency: CONCURRENCY };
    const worker = new onPostgres.Worker<JobData>(QUEUE, run(onJob), options);
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  },
};

function run(onJob: OnJob) {
  return async (job: { data: JobData }) => onJob(job.data);
}

interface AnyQueue {
  add(name: "job", data: JobData): Promise<unknown>;
  addBulk(jobs: { name: "job"; data: JobData }[]): Promise<unknown>;
  getJobCounts(
    ...states: ("waiting" | "active" | "delayed" | "prioritized" | "waiting-children")[]
  ): Promise<Record<string, number>>;
  close(): Promise<void>;
}

function producer(queue: AnyQueue): Producer {
  return {
    add: async (job) => void (await queue.add("job", job)),
    addMany: async (jobs) => void (await queue.addBulk(jobs.map((data) => ({ name: "job", data })))),
    async unfinished() {
      const counts = await queue.getJobCounts(
        ...(["waiting", "active", "delayed", "prioritized", "waiting-children"] as const),
      );
      return Object.values(counts).reduce((sum, n) => sum + n, 0);
    },
    close: () => queue.close(),
  };
}
