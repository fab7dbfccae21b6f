import { afterAll } from "vitest";
import { deleteQueues } from "../../../test/services/rabbitmq.ts";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { openTcpProxy, through } from "../../testing/tcp-proxy.ts";
import { openRabbitBroker } from "./broker.ts";

const url = process.env.MILLRACE_TEST_AMQP ?? "amqp://guest:guest@127.0.0.1:5672";

await withService("RabbitMQ", addressOf(url, 5672), async () => {
  const proxy = await openTcpProxy(addressOf(url, 5672));
  const proxied = through(proxy, url);
  afterAll(() => proxy.close());

  brokerSuite({
    name: "rabbitmq",
    open: () => openRabbitBroker(proxied),
    child: {
      module: new URL("./broker.ts", import.meta.url).href,
      factory: "openRabbitBroker",
      args: [proxied],
    },
    outage: proxy.outage,
    restart: "a node of its own is restarted in restarts.test.ts",
    loseOwnership: async () => proxy.cut(),
    cleanUp: (queues) => deleteQueues(url, queues),
  });
});
