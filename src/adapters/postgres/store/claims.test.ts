import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterAll, afterEach, expect, test } from "vitest";
import type { CreateJob, Outcome } from "../../../domain/commands.ts";
import { newId } from "../../../domain/ids.ts";
import type { Delivery } from "../../../ports/broker.ts";
import type { Store } from "../../../ports/store/store.ts";
import { runFlood } from "../../../testing/flood.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { each, jobCommand, workerRecord } from "../../../testing/store/fixture.ts";
import { openTcpProxy, through } from "../../../testing/tcp-proxy.ts";
import { openPostgresBroker } from "../broker.ts";
import { openPool, targetOf } from "../connection.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";
import { Backlog } from "./backlog.ts";
import { ServerClock } from "./clock.ts";
import { claimNext, type Next } from "./operations.ts";
import { transact } from "./transaction.ts";
import { Windows } from "./windows.ts";

const WAIT = { timeout: 10_000 };
const schema = testSchema();
const closers: (() => Promise<unknown>)[] = [];

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(() => schema.drop());
  const target = targetOf(schema.url);

  test("tasks come with their claims, and a settlement makes room for the next", async () => {
    const queue = `text/${newId()}`;
    const { store, deliveries } = await workerOf("one", queue, 2);
    for (let n = 0; n < 5; n++) await create(store, job(queue));
    await expect.poll(() => deliveries.length, WAIT).toBe(2);
    const tasks = new Set<string>();
    for (let n = 0; n < 5; n++) {
      const { task, job: owner } = deliveries[n]!.claim!;
      expect(task).toMatchObject({ state: "leased", worker: "one", attempt: 1 });
      expect(owner.id).toBe(task.jobId);
      tasks.add(task.jobId);
      expect((await settle(store, deliveries[n]!)).outcome).toBe("settled");
      await expect.poll(() => deliveries.length, WAIT).toBe(Math.min(5, n + 3));
    }
    expect(tasks.size).toBe(5);
  });

  test("what waits is shared by those who claim, and each task goes to one of them", async () => {
    const queue = `text/${newId()}`;
    const workers = await Promise.all(["a", "b", "c"].map((name) => workerOf(name, queue, 10)));
    await create(workers[0]!.store, job(queue, 4, 200));
    const seen = () => workers.flatMap((one) => one.deliveries.map((delivery) => delivery.id));
    const settled = new Set<Delivery>();
    while (settled.size < 200) {
      await expect.poll(() => seen().length, WAIT).toBeGreaterThan(settled.size);
      for (const { store, deliveries } of workers) {
        const open = deliveries.filter((one) => !settled.has(one));
        expect(open.length).toBeLessThanOrEqual(10);
        const outcomes = await Promise.all(open.map((one) => settle(store, one)));
        for (const { outcome } of outcomes) expect(outcome).toBe("settled");
        for (const one of open) settled.add(one);
      }
    }
    expect(new Set(seen()).size).toBe(200);
  });

  test("of one owner the highest priority goes first, and a queue that is paused gives nothing", async () => {
    const queue = `text/${newId()}`;
    const { store } = await storeOf();
    await store.heartbeat(workerRecord("none", { [queue]: 0 }, Date.now()));
    await store.setPaused({ queue, paused: true });
    const made: string[] = [];
    for (const priority of [1, 9, 4]) {
      const command = job(queue, priority);
      made.push(command.id);
      await create(store, command);
    }
    const { store: mine, deliveries } = await workerOf("late", queue, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(deliveries).toEqual([]);
    await store.setPaused({ queue, paused: false });
    for (let n = 0; n < 3; n++) {
      await expect.poll(() => deliveries.length, WAIT).toBe(n + 1);
      await settle(mine, deliveries[n]!);
    }
    expect(deliveries.map((one) => one.claim!.task.jobId)).toEqual([made[1], made[2], made[0]]);
  });

  test("owners take turns", async () => {
    const queue = `text/${newId()}`;
    const { store } = await storeOf();
    for (const owner of ["a", "b"]) await create(store, job(queue, 4, 20, owner));
    const { deliveries } = await workerOf("fair", queue, 10);
    await expect.poll(() => deliveries.length, WAIT).toBe(10);
    const owners = deliveries.map((one) => one.claim!.task.owner);
    expect(owners.filter((owner) => owner === "a")).toHaveLength(5);
  });

  test("what is given back, or was on its way to a consumer that closed, runs elsewhere", async () => {
    const queue = `text/${newId()}`;
    const first = await workerOf("first", queue, 3);
    await create(first.store, job(queue, 4, 3));
    await expect.poll(() => first.deliveries.length, WAIT).toBe(3);
    await first.consumer.close();
    const second = await workerOf("second", queue, 3);
    for (const delivery of first.deliveries) await delivery.retry();
    await expect.poll(() => second.deliveries.length, WAIT).toBe(3);
    const { task } = second.deliveries[0]!.claim!;
    expect(task).toMatchObject({ worker: "second", attempt: 1 });
    for (const delivery of second.deliveries) {
      expect((await settle(second.store, delivery)).outcome).toBe("settled");
    }
  });

  test.each([true, false])("nobody starves (with claims: %s)", async (claims) => {
    const store = await openPostgresStore(schema.url, { publishes: true });
    const broker = await openPostgresBroker(schema.url, claims ? store : undefined);
    closers.push(
      () => store.close(),
      () => broker.close(),
    );
    expect((await runFlood(store, broker, claims)).indexOf("quiet")).toBeOneOf([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("claims whose answer was lost are found again, not made twice", async () => {
    const queue = `text/${newId()}`;
    const { store } = await storeOf();
    await create(store, job(queue, 4, 5));
    const pool = openPool(target, "test", 1);
    closers.push(() => pool.end());
    const client = await pool.connect();
    const windows = new Windows();
    const clock = new ServerClock();
    const backlog = new Backlog(windows, true, clock);
    const claim = async (token: string, repeated: boolean) => {
      const pick = { queue, limit: 3, after: "", worker: "lost", token };
      const operation = claimNext(pick, 10_000);
      const entry = { operation, repeated, resolve() {}, reject() {} };
      const { outcomes } = await transact(client, [entry], windows, backlog, clock, true);
      const { claims } = (outcomes[0] as { value: Next }).value;
      return claims.map(({ task }) => `${task.item} ${task.lease} ${task.attempt}`);
    };
    const token = newId();
    const first = await claim(token, false);
    expect(first).toHaveLength(3);
    expect((await claim(token, true)).sort()).toEqual(first.sort());
    expect(await claim(newId(), true)).toHaveLength(2);
    client.release();
  });

  test("claims whose answer was lost are found again when the server is back", async () => {
    const queue = `text/${newId()}`;
    const owner = `owner-${newId()}`;
    const { store } = await storeOf();
    await create(store, job(queue, 4, 3, owner));
    const pool = openPool(target, "test", 2);
    closers.push(() => pool.end());
    const client = await pool.connect();
    closers.push(async () => client.release(true));
    await client.query("BEGIN");
    await client.query("SELECT FROM owners WHERE owner = $1 FOR UPDATE", [owner]);
    const relay = await openRelay(addressOf(schema.url, 5432));
    const proxy = await openTcpProxy(relay);
    closers.push(() => proxy.close());
    const { deliveries } = await workerOf("cut", queue, 3, through(proxy, schema.url));
    // Its commit is in progress, and waits to number its events.
    const { pid } = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0];
    const waiting = "SELECT FROM pg_stat_activity WHERE $1::int = ANY(pg_blocking_pids(pid))";
    await expect.poll(async () => (await pool.query(waiting, [pid])).rowCount, WAIT).toBeGreaterThan(0);
    relay.muted = true;
    await client.query("COMMIT");
    const running = async () =>
      (await store.queues({ now: Date.now() })).find((one) => one.name === queue)?.running;
    await expect.poll(running, WAIT).toBe(3);
    await proxy.outage.begin();
    relay.muted = false;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await proxy.outage.end();
    await expect.poll(() => deliveries.length, { timeout: 5_000 }).toBe(3);
  }, 30_000);

  test("a process without claims takes deliveries of the same queue", async () => {
    const queue = `text/${newId()}`;
    const store = await openPostgresStore(schema.url, { publishes: true });
    const broker = await openPostgresBroker(schema.url);
    closers.push(
      () => store.close(),
      () => broker.close(),
    );
    await store.heartbeat(workerRecord(`old-${newId()}`, { [queue]: 5 }, Date.now()));
    const hints: Delivery[] = [];
    await broker.consume(queue, { prefetch: 5 }, (delivery) => void hints.push(delivery));
    const { store: producing, deliveries } = await workerOf("new", queue, 1);
    await create(producing, job(queue, 4, 6));
    await store.sweep({ now: Date.now(), limit: 100, silenceMs: 3_600_000 });
    await expect.poll(() => hints.length + deliveries.length, WAIT).toBe(6);
    expect(hints.length).toBeGreaterThan(0);
    expect(deliveries.length).toBeLessThanOrEqual(1);
  });
  test("a worker that was forgotten claims as before when its lease renewer tells of it first", async () => {
    const queue = `text/${newId()}`;
    const { store } = await workerOf("forgotten", queue, 2);
    const renewer = await openPostgresStore(schema.url, { publishes: true });
    closers.push(() => renewer.close());
    const record = workerRecord("forgotten", { [queue]: 2 }, Date.now());
    await renewer.heartbeat(record);
    const pool = openPool(target, "test", 1);
    closers.push(() => pool.end());
    await pool.query("DELETE FROM workers WHERE id = 'forgotten'");
    await renewer.heartbeat(record);
    const { rows } = await pool.query("SELECT claims FROM workers WHERE id = 'forgotten'");
    expect(rows).toEqual([{ claims: true }]);
    await store.heartbeat(record);
  });

  test("what waits behind tasks that another worker takes at this moment is claimed soon", async () => {
    const queue = `text/${newId()}`;
    const { store } = await storeOf();
    const blocked = job(queue, 9, 2);
    await create(store, blocked);
    const pool = openPool(target, "test", 1);
    closers.push(() => pool.end());
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT FROM tasks WHERE job_id = $1 FOR UPDATE", [blocked.id]);
    const { deliveries } = await workerOf("beside", queue, 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(deliveries).toEqual([]);
    await client.query("COMMIT");
    client.release();
    const began = performance.now();
    await expect.poll(() => deliveries.length, { ...WAIT, interval: 5 }).toBe(1);
    expect(performance.now() - began).toBeLessThan(300);
  });

  test("what is in reserve beside long steps goes back after a second", async () => {
    const queue = `text/${newId()}`;
    const { store, broker } = await storeOf();
    await create(store, job(queue, 4, 1_000));
    const claimFor = { worker: "slow", leaseMs: 10_000 };
    await store.heartbeat(workerRecord("slow", { [queue]: 2 }, Date.now()));
    let slow = false;
    let held = 0;
    await broker.consume(queue, { prefetch: 2, claimFor }, async (delivery) => {
      if (slow) return void (await new Promise(() => held++));
      await new Promise((resolve) => setTimeout(resolve, 1));
      await settle(store, delivery);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    slow = true;
    await expect.poll(() => held, WAIT).toBe(2);
    const began = performance.now();
    const running = async () =>
      (await store.queues({ now: Date.now() })).find((one) => one.name === queue)?.running;
    await expect.poll(running, { ...WAIT, interval: 20 }).toBe(2);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  test("a delivery that is settled while a turn ends is not kept waiting", async () => {
    const queue = `text/${newId()}`;
    const { broker } = await storeOf();
    const took: number[] = [];
    let hops = 0;
    await broker.consume(queue, { prefetch: 1 }, async (delivery) => {
      for (let n = 0; n < hops; n++) await null;
      const began = performance.now();
      await delivery.ack();
      took.push(performance.now() - began);
    });
    for (hops = 0; hops < 8; hops++) {
      await broker.publish(queue, [{ id: newId(), payload: "{}" }]);
      await expect.poll(() => took.length, WAIT).toBe(hops + 1);
    }
    expect(Math.max(...took)).toBeLessThan(400);
  });

  test("deliveries are not kept waiting by a long backlog", async () => {
    const queue = `text/${newId()}`;
    const { store, broker } = await storeOf();
    await create(store, job(queue, 4, 3_000));
    const claimFor = { worker: "busy", leaseMs: 10_000 };
    await store.heartbeat(workerRecord("busy", { [queue]: 1 }, Date.now()));
    let claims = 0;
    let hinted = 0;
    await broker.consume(queue, { prefetch: 1, claimFor }, async (delivery) => {
      if (!delivery.claim) hinted = claims;
      else if (++claims < 3_000) await settle(store, delivery);
      await delivery.ack();
    });
    await expect.poll(() => claims, WAIT).toBeGreaterThan(50);
    await broker.publish(queue, [{ id: newId(), payload: "{}" }]);
    await expect.poll(() => hinted > 0 || claims === 3_000, { timeout: 30_000 }).toBe(true);
    expect(hinted).toBeGreaterThan(0);
    expect(hinted).toBeLessThan(1_500);
  }, 40_000);
});

/** A relay that forwards everything, except answers while it is muted. */
async function openRelay(target: { host: string; port: number }) {
  const relay = { host: "127.0.0.1", port: 0, muted: false };
  const server = createServer((client) => {
    const service = connect(target);
    client.pipe(service);
    service.on("data", (answer) => relay.muted || client.write(answer));
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  await once(server.listen(0, relay.host), "listening");
  relay.port = (server.address() as { port: number }).port;
  closers.push(async () => {
    relay.muted = false;
    server.close();
  });
  return relay;
}

async function storeOf(url = schema.url) {
  const store = await openPostgresStore(url, { publishes: true });
  const broker = await openPostgresBroker(url, store);
  closers.push(
    () => store.close(),
    () => broker.close(),
  );
  return { store, broker };
}

async function workerOf(worker: string, queue: string, concurrency: number, url = schema.url) {
  const { store, broker } = await storeOf(url);
  const deliveries: Delivery[] = [];
  await store.heartbeat(workerRecord(worker, { [queue]: concurrency }, Date.now()));
  const claimFor = { worker, leaseMs: 10_000 };
  const consumer = await broker.consume(queue, { prefetch: concurrency, claimFor }, (delivery) => {
    deliveries.push(delivery);
    return new Promise(() => {});
  });
  return { store, deliveries, consumer };
}

/** Creates the job with its file. */
async function create(store: Store, command: CreateJob): Promise<void> {
  const { blob: key, sha256 } = file;
  await store.pin({ key, sha256, bytes: 1, until: Date.now() + 3_600_000 });
  expect(await store.createJob(command)).toMatchObject({ ok: true });
}

function settle(store: Store, { claim }: Delivery) {
  const { jobId, item, lease } = claim!.task;
  const outcome: Outcome = {
    kind: "succeeded",
    result: null,
    resultFile: null,
    outputs: [],
    warnings: [],
    cache: false,
    ms: 1,
  };
  return store.settle({ taskId: `${jobId}.${item}`, lease: lease!, now: Date.now(), outcome });
}

const file = { name: "a.txt", mediaType: "text/plain", bytes: 1, sha256: "0".repeat(64), blob: "0-1" };

function job(queue: string, priority = 4, items = 1, owner = "local"): CreateJob {
  const input = { ...file, artifactId: newId() };
  return jobCommand({
    owner,
    plan: [{ ...each("work"), queue }],
    priority,
    items: Array.from({ length: items > 1 ? items : 0 }, () => ({ name: "a.txt", input })),
  });
}
