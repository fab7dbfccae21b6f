import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll } from "vitest";
import { limiterSuite } from "../../testing/limiter-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openRedisLimiter } from "./limiter.ts";

const url = process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/5";
const options = { prefix: `test-${randomBytes(4).toString("hex")}` };

await withService("Redis", addressOf(url, 6379), async () => {
  const proxy = await openTcpProxy(addressOf(url, 6379));
  const proxied = through(proxy, url);
  const redis = new Redis(url);
  const keys = async () => {
    const found = new Set<string>();
    for await (const some of redis.scanStream({ match: `${options.prefix}:*`, count: 1_000 })) {
      for (const key of some as string[]) found.add(key);
    }
    return [...found];
  };
  afterAll(async () => {
    const left = await keys();
    if (left.length > 0) await redis.unlink(...left);
    redis.disconnect();
    await proxy.close();
  });

  limiterSuite({
    name: "redis",
    open: () => openRedisLimiter(proxied, options),
    child: {
      module: new URL("./limiter.ts", import.meta.url).href,
      factory: "openRedisLimiter",
      args: [proxied, options],
    },
    outage: proxy.outage,
    kept: async () => (await keys()).length,
  });
});
