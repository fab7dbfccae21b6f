import pg from "pg";
import { PgBoss } from "pg-boss";
import { CONCURRENCY, type JobData, type Peer, QUEUE } from "./peer.ts";

/** Uses notifications and batches, so that no job waits for the next poll, and the shortest heartbeat. */
async function open(connectionString: string): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString,
    useListenNotify: true,
    max: 10,
    schedule: false,
    flowIntervalSeconds: 1,
  });
  boss.on("error", () => {});
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true, heartbeatSeconds: 10 });
  return boss;
}

export const pgBoss: Peer = {
  name: "pg-boss",
  async produce(url) {
    const boss = await open(url);
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    return {
      add: async (job) => void (await boss.send(QUEUE, job)),
      addMany: async (jobs) =>
        void (await boss.insert(
          QUEUE,
          jobs.map((data) => ({ data })),
        )),
      async addFlow(children) {
        const jobs = children.map((data, n) => ({ ref: String(n), name: QUEUE, data }));
        const dependsOn = jobs.map(({ ref }) => ref);
        await boss.flow([...jobs, { ref: "parent", name: QUEUE, data: {}, dependsOn }]);
      },
      async addWithin(client, job) {
        const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
        await boss.send(QUEUE, job, { db });
      },
      async unfinished() {
        const text = "SELECT count(*)::int AS n FROM pgboss.job WHERE name = $1 AND state < 'completed'";
        return (await client.query<{ n: number }>(text, [QUEUE])).rows[0]!.n;
      },
      async close() {
        await client.end();
        await boss.stop({ graceful: false });
      },
    };
  },
  async work(url, onJob) {
    const boss = await open(url);
    const options = { batchSize: CONCURRENCY, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work<JobData>(QUEUE, options, async (jobs) => {
      await Promise.all(jobs.map((job) => onJob(job.data)));
    });
    return { close: () => boss.stop({ graceful: false }) };
  },
};
