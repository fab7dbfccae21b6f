import { randomBytes } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { openRedisBroker } from "../src/adapters/redis/broker.ts";
import { openRedisBus } from "../src/adapters/redis/bus.ts";
import { hints } from "../src/engine/messages/hints.ts";
import { changePublisher } from "../src/engine/publish-changes.ts";
import { addressOf, withService } from "../src/testing/services.ts";
import { openTcpProxy, through } from "../src/testing/tcp-proxy.ts";
import { cleaners } from "./crash/cleaning.ts";
import { serviceUrls } from "./services.ts";

const prefix = `test-${randomBytes(4).toString("hex")}`;
const { redis } = serviceUrls(prefix);

await withService("Redis", addressOf(redis, 6379), async () => {
  const proxy = await openTcpProxy(addressOf(redis, 6379));
  afterAll(async () => {
    await proxy.close();
    await cleaners.redis(redis);
  });

  test("what an outage kept from the broker is published soon after it, not when patience ends", async () => {
    const url = new URL(through(proxy, redis));
    url.searchParams.delete("prefix");
    const broker = await openRedisBroker(url.href, { prefix });
    const bus = await openRedisBus(url.href, { prefix });
    const publishChanges = changePublisher({ publishes: false }, broker, bus, hints(null));
    await proxy.outage.begin();
    const task = {
      taskId: "0190a0b0-0000-7000-8000-000000000000.0",
      queue: "late",
      generation: 3,
    };
    const began = Date.now();
    await publishChanges({ deliveries: [task] });
    // The outage does not delay the caller.
    expect(Date.now() - began).toBeLessThan(2_000);
    await proxy.outage.end();
    const came: string[] = [];
    await expect
      .poll(() => broker.consume("late", { prefetch: 1 }, (delivery) => void came.push(delivery.payload)))
      .toBeDefined();
    await expect
      .poll(() => came, { timeout: 60_000 })
      .toEqual([JSON.stringify({ taskId: task.taskId, generation: 3 })]);
    await Promise.all([broker.close(), bus.close()]);
  });
});
