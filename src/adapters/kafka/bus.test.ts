import { randomBytes } from "node:crypto";
import { afterAll } from "vitest";
import { busSuite } from "../../testing/bus-suite.ts";
import { withService } from "../../testing/services.ts";
import { openKafkaBus } from "./bus.ts";
import { openLine, service } from "./testing.ts";

const options = { prefix: `test-${randomBytes(4).toString("hex")}` };

await withService("Kafka", service, async () => {
  const line = await openLine(1);
  afterAll(() => line.close(options.prefix));

  busSuite({
    name: "kafka",
    open: () => openKafkaBus(line.url, options),
    child: {
      module: new URL("./bus.ts", import.meta.url).href,
      factory: "openKafkaBus",
      args: [line.url, options],
    },
    outage: line.outage,
  });
});
