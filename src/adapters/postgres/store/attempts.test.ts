import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../../ports/store/store.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { accepted, each, jobCommand, OWNER, workerRecord } from "../../../testing/store/fixture.ts";
import { createManualWorker, failure } from "../../../testing/store/manual-worker.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const { url, drop } = testSchema();

/** What an older Millrace, which did not keep attempts, does next to this one, in its own statements. */
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

  test("it removes a job with its attempts, of which it knows nothing", async () => {
    const worker = createManualWorker(store, `worker-${crypto.randomUUID()}`, () => store.now());
    await store.heartbeat(workerRecord(worker.id, { "text/work": 10 }, store.now()));
    const command = jobCommand({ owner: OWNER, now: store.now(), plan: [each("work")] });
    const { job, deliveries } = accepted(await store.createJob(command));
    worker.hand({ deliveries });
    await worker.settle(await worker.take(), failure({ retryable: false }));
    const attempts = () => store.attempts({ jobId: job.id, first: 0, last: 0 });
    expect(await attempts()).toHaveLength(1);
    await older.query("DELETE FROM tasks WHERE job_id = $1", [job.id]);
    await older.query("DELETE FROM jobs WHERE id = $1", [job.id]);
    expect(await attempts()).toEqual([]);
  });
});
