import { afterAll, test } from "vitest";
import { kafkaInstalled, startKafka } from "../../../test/services/kafka.ts";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { openKafkaBroker } from "./broker.ts";

if (!kafkaInstalled) {
  // This test kills its server, so it must not use one that something else started.
  test("a Kafka server of its own", (context) =>
    context.skip("its programs are not in this checkout's .services"));
} else {
  const server = await startKafka(19_292);
  afterAll(() => server.stop());
  brokerSuite(
    {
      name: "kafka",
      open: () => openKafkaBroker(server.url),
      child: "covered in broker.test.ts",
      outage: "covered in broker.test.ts",
      restart: () => server.restart(),
    },
    { only: ["restart.keeps"] },
  );
}
