import { afterAll } from "vitest";
import { busSuite } from "../../testing/bus-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openPostgresBus } from "./bus.ts";
import { testSchema } from "./testing.ts";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const proxy = await openTcpProxy(addressOf(schema.url, 5432));
  const proxied = through(proxy, schema.url);
  afterAll(() => proxy.close());

  busSuite({
    name: "postgres",
    open: () => openPostgresBus(proxied),
    child: { module: new URL("./bus.ts", import.meta.url).href, factory: "openPostgresBus", args: [proxied] },
    outage: proxy.outage,
  });
});
