import { Queue, Worker } from "bullmq";
import { CONCURRENCY, type JobData, type Peer, QUEUE } from "./peer.ts";

/** Finished jobs are removed, as BullMQ's guide for production has it. */
const defaultJobOptions = { removeOnComplete: true, removeOnFail: 1_000 };

export const bullmq: Peer = {
  name: "BullMQ",
  async produce(url) {
    const queue = new Queue<JobData>(QUEUE, { connection: { url }, defaultJobOptions });
    await queue.waitUntilReady();
    return {
      add: async (job) => void (await queue.add("job", job)),
      addMany: async (jobs) => void (await queue.addBulk(jobs.map((data) => ({ name: "job", data })))),
      async unfinished() {
        const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
        return Object.values(counts).reduce((sum, n) => sum + n, 0);
      },
      close: () => queue.close(),
    };
  },
  async work(url, onJob) {
    const worker = new Worker<JobData>(QUEUE, async (job) => onJob(job.data), {
      connection: { url },
      concurrency: CONCURRENCY,
    });
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  },
};
