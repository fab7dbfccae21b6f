import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { CreateJob } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { Store } from "../../ports/store/store.ts";
import { refusal } from "../../testing/refusal.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { jobCommand, workerRecord } from "../../testing/store/fixture.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { persist, sleep } from "../../testing/wait.ts";
import { openPostgresStore } from "./store.ts";
import { testSchema } from "./testing.ts";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const proxy = await openTcpProxy(addressOf(schema.url, 5432));
  const proxied = through(proxy, schema.url);
  const opened: Store[] = [];
  const open = async (url: string) => {
    const store = await openPostgresStore(url, { publishes: false });
    opened.push(store);
    return store;
  };
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await proxy.close();
    await schema.drop();
  });

  test("many processes may open a new schema at once", async () => {
    const fresh = testSchema();
    const stores = await Promise.all(
      Array.from({ length: 6 }, () => openPostgresStore(fresh.url, { publishes: false })),
    );
    await Promise.all(stores.map((store) => store.jobs({ owner: "a", limit: 1 })));
    await Promise.all(stores.map((store) => store.close()));
    await fresh.drop();
  });

  test("a command that the database refuses sinks no other of its batch", async () => {
    const store = await open(schema.url);
    const owner = `owner-${randomUUID()}`;
    const good = Array.from({ length: 9 }, () => command(owner));
    const bad = command("no text holds a\u0000");
    const calls = [...good.slice(0, 5), bad, ...good.slice(5)];
    const settled = await Promise.allSettled(calls.map((one) => store.createJob(one)));
    expect(settled.map((one) => one.status === "fulfilled")).toEqual(calls.map((one) => one !== bad));
    const events = await store.events({ owner, after: 0, limit: 100 });
    expect(events.map((event) => event.seq)).toEqual(good.map((_, n) => n + 1));
  });

  test("calls whose connection breaks, before or after the commit, are answered once it is back", async () => {
    const store = await open(proxied);
    const owner = `owner-${randomUUID()}`;
    await store.heartbeat(workerRecord(`worker-${randomUUID()}`, { "text/work": 10_000 }, Date.now()));
    const commands: CreateJob[] = [];
    const calls: Promise<unknown>[] = [];
    const deliveries: string[] = [];
    for (let round = 0; round < 12; round++) {
      const some = Array.from({ length: 10 }, () => command(owner));
      commands.push(...some);
      for (const one of some) {
        const call = store.createJob(one).then((result) => {
          expect(result).toMatchObject({ ok: true, created: true, job: { id: one.id } });
          if (result.ok) deliveries.push(...result.deliveries.map((delivery) => delivery.taskId));
        });
        calls.push(call);
      }
      await sleep(Math.random() * 12);
      proxy.cut();
      await sleep(150);
    }
    await Promise.all(calls);
    const jobs = await store.jobs({ owner, limit: 1_000 });
    expect(jobs.map((job) => job.id).sort()).toEqual(commands.map((one) => one.id).sort());
    expect(await store.events({ owner, after: 0, limit: 1_000 })).toHaveLength(commands.length);
    const { deliveries: late } = await store.sweep({ now: Date.now(), limit: 1_000, silenceMs: 3_600_000 });
    const handed = new Set([...deliveries, ...late.map((delivery) => delivery.taskId)]);
    expect(commands.filter((one) => !handed.has(`${one.id}.0`))).toEqual([]);
  }, 60_000);

  test("an outage is told as unavailable, and ended by itself", async () => {
    const store = await open(proxied);
    const query = { owner: "a", limit: 1 };
    await store.jobs(query);
    await proxy.outage.begin();
    const began = performance.now();
    await Promise.all([
      refusal(store.jobs(query), "unavailable"),
      refusal(store.createJob(command("a")), "unavailable"),
      refusal(store.health(), "unavailable"),
      refusal(store.heartbeat(workerRecord("w", {}, Date.now())), "unavailable"),
      refusal(store.sweep({ now: Date.now(), limit: 1, silenceMs: 3_600_000 }), "unavailable"),
      refusal(
        store.reserve({
          id: newId(),
          owner: "a",
          queue: "q",
          tasks: 1,
          limit: 1,
          ownerLimit: 1,
          ownerDelayedLimit: 1,
          delayed: false,
          now: 0,
          expiresAt: 1,
        }),
        "unavailable",
      ),
    ]);
    expect(performance.now() - began).toBeLessThan(8_000);
    await proxy.outage.end();
    await persist(5_000, () => store.createJob(command("a")));
  });

  test("a server that refuses, or is not there, ends the start with one clear line", async () => {
    const start = (url: string) => openPostgresStore(url, { publishes: false });
    const { port } = await openTcpProxy({ host: "127.0.0.1", port: 1 }).then(async (other) => {
      await other.close();
      return other;
    });
    const absent = await refusal(start(`postgres://u@127.0.0.1:${port}/test`), "unavailable");
    expect(absent.message).toMatch(
      /^Cannot use PostgreSQL at 127\.0\.0\.1:\d+\/test: the connection was refused: nothing is listening there \(ECONNREFUSED\)\.$/,
    );
    const database = new URL(schema.url);
    database.pathname = "/no_such_database";
    const missing = await refusal(start(database.href), "config_invalid");
    expect(missing.message).toContain('reports an error: database "no_such_database" does not exist.');
    const named = new URL(schema.url);
    named.searchParams.set("schema", "Not-A-Name");
    await refusal(start(named.href), "config_invalid");
  });
});

function command(owner: string): CreateJob {
  return jobCommand({ owner });
}
