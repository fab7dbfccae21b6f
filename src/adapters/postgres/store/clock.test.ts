import { afterAll, afterEach, expect, test } from "vitest";
import { newId } from "../../../domain/ids.ts";
import type { Heartbeat } from "../../../ports/store/tasks.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { openPostgresStore, type PostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const DAY_MS = 24 * 3_600_000;
const schema = testSchema();
const { now } = Date;
const stores: PostgresStore[] = [];

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  afterEach(async () => {
    Date.now = now;
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(() => schema.drop());

  const open = async () => {
    const store = await openPostgresStore(schema.url, { publishes: false });
    stores.push(store);
    return store;
  };

  test.each([-2, 2])("the store tells the server's time on a machine that is %i days off", async (days) => {
    Date.now = () => now() + days * DAY_MS;
    const store = await open();
    expect(Math.abs(store.now() - now())).toBeLessThan(1_000);
    const sha256 = "0".repeat(64);
    const { key } = await store.pin({ key: newId(), sha256, bytes: 1, until: store.now() + DAY_MS });
    expect(await store.collect({ now: store.now(), limit: 10 })).toEqual([]);
    expect(await store.collect({ now: store.now() + DAY_MS, limit: 10 })).toEqual([key]);
    await store.forget({ keys: [key] });
  });

  test("a clock that is set while it runs moves no time of the records", async () => {
    const [store, other] = [await open(), await open()];
    const workers: Heartbeat[] = ["steady", "stepped"].map((id) => ({
      id,
      host: "test",
      pid: 1,
      queues: { "text/work": 1 },
      running: 0,
      startedAt: store.now(),
    }));
    for (const days of [2, -2]) {
      await store.heartbeat(workers[0]!);
      Date.now = () => now() + days * DAY_MS;
      expect(Math.abs(store.now() - now())).toBeLessThan(1_000);
      await other.heartbeat(workers[1]!);
      await store.sweep({ now: store.now(), limit: 10, silenceMs: 60_000 });
      const seen = await store.workers();
      expect(seen.map((worker) => worker.id)).toEqual(["steady", "stepped"]);
      for (const { seenAt } of seen) expect(Math.abs(seenAt - now())).toBeLessThan(1_000);
    }
  });
});
