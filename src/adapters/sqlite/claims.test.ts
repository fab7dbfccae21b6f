import { afterEach, beforeEach, expect, test } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import type { Delivery } from "../../ports/broker.ts";
import { runFlood } from "../../testing/flood.ts";
import { jobCommand, workerRecord } from "../../testing/store/fixture.ts";
import { sqliteBroker } from "./broker.ts";
import { connectWriter } from "./client.ts";
import { sqliteStore } from "./store.ts";
import { testWriter } from "./testing.ts";

const QUEUE = "text/work";
let writer: Awaited<ReturnType<typeof testWriter>>;
beforeEach(async () => {
  writer = await testWriter({ publishes: true });
});
afterEach(() => writer.close());

test("tasks come with their claims, and a settlement makes room for the next", async () => {
  const { store, deliveries, close } = await workerOf("one", 2);
  for (let n = 0; n < 5; n++) expect((await store.createJob(jobCommand())).ok).toBe(true);
  await expect.poll(() => deliveries.length).toBe(2);
  const tasks = new Set<string>();
  for (let n = 0; n < 5; n++) {
    const { task } = deliveries[n]!.claim!;
    expect(task).toMatchObject({ state: "leased", worker: "one", attempt: 1 });
    tasks.add(task.jobId);
    expect(deliveries[n]!.claim!.job.id).toBe(task.jobId);
    const outcome: Outcome = {
      kind: "succeeded",
      result: null,
      resultFile: null,
      outputs: [],
      warnings: [],
      cache: false,
      ms: 1,
    };
    const command = { taskId: `${task.jobId}.0`, lease: task.lease!, now: Date.now(), outcome };
    expect((await store.settle(command)).outcome).toBe("settled");
    await expect.poll(() => deliveries.length).toBe(Math.min(5, n + 3));
  }
  expect(tasks.size).toBe(5);
  await expect(deliveries[0]!.ack()).rejects.toMatchObject({ code: "lost_ownership" });
  await close();
});

test("what a worker had claimed when its connections ended runs elsewhere", async () => {
  const first = await workerOf("first", 1);
  await first.store.createJob(jobCommand());
  await expect.poll(() => first.deliveries.length).toBe(1);
  const second = await workerOf("second", 1);
  await first.close();
  await expect.poll(() => second.deliveries.some((one) => one.claim)).toBe(true);
  const again = second.deliveries.find((one) => one.claim)!.claim!;
  expect(again.task).toMatchObject({ jobId: first.deliveries[0]!.claim!.task.jobId, worker: "second" });
  expect(again.task.lease).not.toBe(first.deliveries[0]!.claim!.task.lease);
  await second.close();
});

test("a worker that was silent for too long gets work again when it speaks", async () => {
  const silent = await workerOf("silent", 2);
  const { store, deliveries } = silent;
  await store.createJob(jobCommand());
  await expect.poll(() => deliveries.length).toBe(1);
  // What it held waits for a worker, and so does what arrives meanwhile.
  const sweep = { limit: 10, silenceMs: -1_000 };
  await store.sweep({ ...sweep, now: store.now() });
  expect(await store.workers()).toEqual([]);
  for (let n = 0; n < 3; n++) await store.createJob(jobCommand());
  expect(await store.queues({ now: store.now() })).toMatchObject([{ ready: 4, running: 0, workers: 0 }]);

  await silent.beat();
  // The first of its two slots is still occupied by the attempt whose lease it lost.
  await expect.poll(() => deliveries.length).toBe(2);
  await deliveries[0]!.ack();
  await expect.poll(() => deliveries.length).toBe(3);
  const leases = deliveries.map((one) => one.claim!.task.lease);
  expect(new Set(leases).size).toBe(3);
  expect(await store.queues({ now: store.now() })).toMatchObject([{ ready: 2, running: 2, workers: 1 }]);
  await silent.close();
});

test.each([true, false])("nobody starves in the window (with claims: %s)", async (claims) => {
  const store = sqliteStore(await connectWriter(writer.socketPath), { publishes: true });
  const broker = sqliteBroker(await connectWriter(writer.socketPath));
  expect((await runFlood(store, broker, claims)).indexOf("quiet")).toBeOneOf([1, 2, 3, 4, 5, 6, 7, 8]);
  await Promise.all([broker.close(), store.close()]);
});

async function workerOf(worker: string, concurrency: number) {
  const store = sqliteStore(await connectWriter(writer.socketPath), { publishes: true });
  const broker = sqliteBroker(await connectWriter(writer.socketPath));
  const deliveries: Delivery[] = [];
  const beat = () => store.heartbeat(workerRecord(worker, { [QUEUE]: concurrency }, store.now()));
  await beat();
  const claimFor = { worker, leaseMs: 10_000 };
  await broker.consume(QUEUE, { prefetch: concurrency, claimFor }, (delivery) => {
    deliveries.push(delivery);
    return new Promise(() => {});
  });
  return {
    store,
    deliveries,
    beat,
    close: () => Promise.all([broker.close(), store.close()]),
  };
}
