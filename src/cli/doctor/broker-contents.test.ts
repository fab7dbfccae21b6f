import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { testSchema } from "../../adapters/postgres/testing.ts";
import { openBroker, openStore } from "../../compose/adapters.ts";
import type { Config } from "../../compose/config.ts";
import { addressOf, withServices } from "../../testing/services.ts";
import { jobCommand } from "../../testing/store/fixture.ts";
import { brokerContents } from "./broker-contents.ts";

const schema = testSchema();
const redis = new URL(process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/5");
const prefix = `doctor-${randomBytes(4).toString("hex")}`;
const broker = new URL(redis);
broker.searchParams.set("prefix", prefix);

await withServices({ PostgreSQL: addressOf(schema.url, 5432), Redis: addressOf(redis.href, 6379) }, () => {
  const config = { store: schema.url, broker: broker.href } as Config;
  const wiring = { config, writer: null };
  afterAll(async () => {
    await schema.drop();
    const client = new Redis(redis.href);
    for await (const keys of client.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
      if (keys.length > 0) await client.unlink(...(keys as string[]));
    }
    client.disconnect();
  });

  test("the messages and dead letters of the records' queues are counted", async () => {
    const store = await openStore(wiring);
    const broker = await openBroker(wiring);
    try {
      await store.createJob(jobCommand({ now: store.now() }));
      await broker.publish(
        "text/work",
        [1, 2, 3].map((n) => ({ id: `${n}`, payload: "{}" })),
      );
      const consumer = await broker.consume("text/work", { prefetch: 1 }, async (delivery) => {
        if (delivery.id === "1") await delivery.reject();
      });
      const text = () => brokerContents(broker, config);
      await expect.poll(text).toBe("; messages waiting: 1, dead-lettered: 1");
      await consumer.close();
    } finally {
      await Promise.all([store.close(), broker.close()]);
    }
  });

  test("records that only a running Millrace may open say nothing", async () => {
    const broker = await openBroker(wiring);
    expect(await brokerContents(broker, { ...config, store: "sqlite:/nowhere" })).toBe("");
    await broker.close();
  });
});
