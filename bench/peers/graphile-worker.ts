import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { CONCURRENCY, type JobData, type Peer, QUEUE } from "./peer.ts";

const logger = new Logger(() => () => {});

/** Its throughput settings: fetches and completes jobs in batches. */
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
    // Same size as its default pool, but closing does not wait for connections to end.
    const pgPool = new pg.Pool({ connectionString, max: 10 });
    pgPool.on("error", () => {});
    const utils = await makeWorkerUtils({ pgPool, logger });
    return {
      add: async (job) => void (await utils.addJob(QUEUE, job)),
      addMany: async (jobs) =>
        void (await utils.addJobs(jobs.map((payload) => ({ identifier: QUEUE, payload })))),
      async addWithin(client, job) {
        const text = "SELECT graphile_worker.add_job($1, payload => $2::json)";
        await client.query(text, [QUEUE, JSON.stringify(job)]);
      },
      async unfinished() {
        const text = "SELECT count(*)::int AS n FROM graphile_worker._private_jobs";
        return (await pgPool.query<{ n: number }>(text)).rows[0]!.n;
      },
      async close() {
        await utils.release();
        await pgPool.end();
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
