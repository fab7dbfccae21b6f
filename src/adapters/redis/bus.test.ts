import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { busSuite } from "../../testing/bus-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openRedisBus } from "./bus.ts";

const url = process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/5";
const options = { prefix: `test-${randomBytes(4).toString("hex")}` };

await withService("Redis", addressOf(url, 6379), async () => {
  const proxy = await openTcpProxy(addressOf(url, 6379));
  const proxied = through(proxy, url);
  afterAll(() => proxy.close());

  busSuite({
    name: "redis",
    open: () => openRedisBus(proxied, options),
    child: {
      module: new URL("./bus.ts", import.meta.url).href,
      factory: "openRedisBus",
      args: [proxied, options],
    },
    outage: proxy.outage,
  });
});
