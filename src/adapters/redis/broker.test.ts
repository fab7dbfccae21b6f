import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll } from "vitest";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openRedisBroker } from "./broker.ts";

const url = process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/5";
const prefix = `test-${randomBytes(4).toString("hex")}`;
const options = { prefix, ownershipMs: 1_000 };

await withService("Redis", addressOf(url, 6379), async () => {
  const proxy = await openTcpProxy(addressOf(url, 6379));
  const proxied = through(proxy, url);
  afterAll(async () => {
    const redis = new Redis(url);
    for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(...(keys as string[]));
    }
    redis.disconnect();
    await proxy.close();
  });

  brokerSuite({
    name: "redis",
    open: () => openRedisBroker(proxied, options),
    child: {
      module: new URL("./broker.ts", import.meta.url).href,
      factory: "openRedisBroker",
      args: [proxied, options],
    },
    outage: proxy.outage,
    restart: "a server of its own is restarted in restarts.test.ts",
  });
});
