import { afterAll } from "vitest";
import { busSuite } from "../../testing/bus-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openRabbitBus } from "./bus.ts";

const url = process.env.MILLRACE_TEST_AMQP ?? "amqp://guest:guest@127.0.0.1:5672";

await withService("RabbitMQ", addressOf(url, 5672), async () => {
  const proxy = await openTcpProxy(addressOf(url, 5672));
  const proxied = through(proxy, url);
  afterAll(() => proxy.close());

  busSuite({
    name: "rabbitmq",
    open: () => openRabbitBus(proxied),
    child: { module: new URL("./bus.ts", import.meta.url).href, factory: "openRabbitBus", args: [proxied] },
    outage: proxy.outage,
  });
});
