import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { withService } from "../../testing/services.ts";
import { openKafkaBroker } from "./broker.ts";
import { openLine, service } from "./testing.ts";

const options = { prefix: `test-${randomBytes(4).toString("hex")}` };

await withService("Kafka", service, async () => {
  const line = await openLine(0);
  afterAll(() => line.close(options.prefix));

  brokerSuite({
    name: "kafka",
    open: () => openKafkaBroker(line.url, options),
    child: {
      module: new URL("./broker.ts", import.meta.url).href,
      factory: "openKafkaBroker",
      args: [line.url, options],
    },
    outage: line.outage,
    restart: "a server of its own is restarted in restarts.test.ts",
    // A closed consumer has left its group, so another member gets what it held.
    loseOwnership: async () => {},
    // The session timeout, the others' next heartbeat, and the new assignment.
    redeliveryMs: 12_000,
  });
});
