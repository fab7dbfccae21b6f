import { afterAll } from "vitest";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openPostgresBroker } from "./broker.ts";
import { testSchema } from "./testing.ts";

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const proxy = await openTcpProxy(addressOf(schema.url, 5432));
  const proxied = through(proxy, schema.url);
  afterAll(async () => {
    await proxy.close();
    await schema.drop();
  });

  brokerSuite({
    name: "postgres",
    open: () => openPostgresBroker(proxied),
    child: {
      module: new URL("./broker.ts", import.meta.url).href,
      factory: "openPostgresBroker",
      args: [proxied],
    },
    outage: proxy.outage,
    restart: "a server of its own is restarted in restarts.test.ts",
    async loseOwnership() {
      proxy.cut();
    },
  });
});
