import { afterAll, test } from "vitest";
import { startRabbit } from "../../../test/services/rabbitmq.ts";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { openRabbitBroker } from "./broker.ts";

if (process.env.MILLRACE_TEST_RESTARTS !== "1") {
  test("a RabbitMQ node of its own", (context) => context.skip("runs with MILLRACE_TEST_RESTARTS=1 only"));
} else {
  const node = await startRabbit();
  afterAll(() => node.stop());
  brokerSuite(
    {
      name: "rabbitmq",
      open: () => openRabbitBroker(node.url),
      child: "covered in broker.test.ts",
      outage: "covered in broker.test.ts",
      restart: () => node.restart(),
    },
    { only: ["restart.keeps"] },
  );
}
