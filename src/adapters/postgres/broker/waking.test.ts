import pg from "pg";
import { afterAll, expect, test } from "vitest";
import type { Broker } from "../../../ports/broker.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { each, jobCommand, workerRecord } from "../../../testing/store/fixture.ts";
import { success } from "../../../testing/store/manual-worker.ts";
import { openPostgresBroker } from "../broker.ts";
import { openPostgresStore, type PostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const WORKERS = 14;
const JOBS = 60;
const QUEUE = "text/work";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  const stores: PostgresStore[] = [];
  const brokers: Broker[] = [];
  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await Promise.all(stores.map((store) => store.close()));
    await schema.drop();
  }, 60_000);

  /** Runs `run`, and returns how often this process sent the statement meanwhile. */
  const countOf = async (statement: string, run: () => Promise<void>): Promise<number> => {
    const { query } = pg.Client.prototype;
    let count = 0;
    pg.Client.prototype.query = function (this: pg.Client, ...asked: unknown[]) {
      if ((asked[0] as pg.QueryConfig).name === statement) count++;
      return Reflect.apply(query, this, asked);
    } as typeof query;
    try {
      await run();
    } finally {
      pg.Client.prototype.query = query;
    }
    return count;
  };

  test("a job wakes a few of many idle workers, and waits for none of them", {
    timeout: 120_000,
  }, async () => {
    const client = await openPostgresStore(schema.url, { publishes: true, connections: 2 });
    stores.push(client);
    let done = 0;
    for (let n = 0; n < WORKERS; n++) {
      const store = await openPostgresStore(schema.url, { publishes: true, connections: 2 });
      const broker = await openPostgresBroker(schema.url, store);
      stores.push(store);
      brokers.push(broker);
      const worker = `worker-${n}`;
      await store.heartbeat(workerRecord(worker, { [QUEUE]: 2 }, store.now()));
      await broker.consume(
        QUEUE,
        { prefetch: 2, claimFor: { worker, leaseMs: 60_000 } },
        async ({ claim }) => {
          const { jobId, lease } = claim!.task;
          await store.settle({ taskId: `${jobId}.0`, lease: lease!, now: store.now(), outcome: success() });
          done++;
        },
      );
    }
    // As every process does in its sweep.
    await Promise.all(stores.map((store) => store.sweep({ now: store.now(), limit: 1, silenceMs: 600_000 })));
    const claims = await countOf("lock_next", async () => {
      for (let n = 0; n < JOBS; n++) {
        await client.createJob(jobCommand({ now: client.now(), plan: [each("work", { queue: QUEUE })] }));
        await expect.poll(() => done, { interval: 2, timeout: 10_000 }).toBe(n + 1);
      }
    });
    // If all were woken, each would try at least once.
    expect(claims / JOBS).toBeLessThan(WORKERS);
  });
});
