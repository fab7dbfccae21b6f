import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { CONCURRENCY, type JobData, type Peer, QUEUE } from "./peer.ts";

const logger = new Logger(() => () => {});

/** Its settings for throughput: jobs fetched and completed in batches. */
const preset = {
  worker: {
    concurrentJobs: CONCURRENCY,
    maxPoolSize: 10,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

export const graphileWorker: Peer = {
  name: "graphile-worker",
  async produce(connectionString) {
    await runMigrations({ connectionString, logger });
    const utils = await makeWorkerUtils({ connectionString, logger });
    const client = new pg.Client({ connectionString });
    client.on("error", () => {});
    await client.connect();
    return {
      add: async (job) => void (await utils.addJob(QUEUE, job)),
      addMany: async (jobs) =>
        void (await utils.addJobs(jobs.map((payload) => ({ identifier: QUEUE, payload })))),
      async unfinished() {
        const text = "SELECT count(*)::int AS n FROM graphile_worker._private_jobs";
        return (await client.query<{ n: number }>(text)).rows[0]!.n;
      },
      async close() {
        await client.end();
        await utils.release();
      },
    };
  },
  async work(connectionString, onJob) {
    const runner = await run({
      connectionString,
      preset,
      logger,
      noHandleSignals: true,
      taskList: { [QUEUE]: (payload) => onJob(payload as JobData) },
    });
    return { close: () => runner.stop() };
  },
};
