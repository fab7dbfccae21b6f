import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../../ports/store/store.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import {
  accepted,
  each,
  jobCommand,
  join,
  OWNER,
  split,
  workerRecord,
} from "../../../testing/store/fixture.ts";
import { createManualWorker, failure, newParts } from "../../../testing/store/manual-worker.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const { url, drop } = testSchema();

/** What an older Millrace without parts does next to this one, in its own statements. */
await withService("PostgreSQL", addressOf(url, 5432), () => {
  let store: Store;
  let older: pg.Client;

  beforeAll(async () => {
    store = await openPostgresStore(url, { publishes: false });
    const plain = new URL(url);
    plain.searchParams.delete("schema");
    older = new pg.Client(plain.href);
    await older.connect();
    await older.query(`SET search_path = ${new URL(url).searchParams.get("schema")!}`);
  });
  afterAll(async () => {
    await older?.end();
    await store?.close();
    await drop();
  });

  /** A job whose item has one dead part, one that runs, and one that waits. */
  async function splitJob() {
    const queues = { "text/split": 10, "text/page": 10, "text/join": 10 };
    const worker = createManualWorker(store, `worker-${crypto.randomUUID()}`, () => store.now());
    await store.heartbeat(workerRecord(worker.id, queues, store.now()));
    const plan = [split(), each("page"), join()];
    const { job, deliveries } = accepted(
      await store.createJob(jobCommand({ owner: OWNER, now: store.now(), plan })),
    );
    worker.hand({ deliveries });
    await worker.succeed(await worker.take(), { parts: newParts(3) });
    await worker.settle(await worker.take(), failure({ retryable: false }));
    return { job, worker, running: await worker.take() };
  }

  test("it lists none of the parts as items, and keeps what it does not know when it writes a task", async () => {
    const { job, worker, running } = await splitJob();
    const { rows } = await older.query("SELECT item FROM tasks WHERE job_id = $1 AND item > -1", [job.id]);
    expect(rows).toEqual([{ item: 0 }]);
    await older.query(
      `UPDATE tasks SET state = 'ready', generation = generation + 1, wake_at = NULL, worker = NULL, lease = NULL,
         body = $3
       WHERE job_id = $1 AND item = $2`,
      [job.id, running.task.item, '{"step":1,"run":1,"attempt":0,"name":"part-1"}'],
    );
    expect(await worker.succeed(running)).toBe("stale");
    await worker.sweep();
    const last = worker.deliveries
      .splice(0)
      .map(({ taskId, generation }) => ({ taskId, queue: "", generation }));
    worker.hand({ deliveries: last });
    const taken = [await worker.take(), await worker.take()];
    expect(taken.map(({ task }) => task.part?.data).sort()).toEqual([1, 2]);
    for (const one of taken) await worker.succeed(one);
    await worker.work();
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "succeeded",
      failedParts: 1,
    });
  });

  test("it cannot replay a dead part as if it were an item", async () => {
    const { job, worker, running } = await splitJob();
    const replay = older.query(
      "UPDATE tasks SET state = 'ready', generation = generation + 1 WHERE job_id = $1 AND state = 'dead'",
      [job.id],
    );
    await expect(replay).rejects.toThrow("dead_parts");
    worker.hand(accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: store.now() })));
    await worker.succeed(running);
    await worker.work();
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "succeeded",
      failedParts: 0,
    });
  });
});
