import { afterAll } from "vitest";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { busSuite } from "../../testing/bus-suite.ts";
import { sqliteBroker } from "./broker.ts";
import { sqliteBus } from "./bus.ts";
import { connectWriter } from "./client.ts";
import { testWriter } from "./testing.ts";

const { socketPath, close } = await testWriter({ publishes: true });
const child = (factory: string) => ({
  module: new URL("./testing.ts", import.meta.url).href,
  factory,
  args: [socketPath],
});
const outage = "it lives in the process that everything else ends with";
afterAll(close);

brokerSuite({
  name: "sqlite",
  open: async () => sqliteBroker(await connectWriter(socketPath)),
  child: child("openTestBroker"),
  outage,
  restart: outage,
});

busSuite({
  name: "sqlite",
  open: async () => sqliteBus(await connectWriter(socketPath)),
  child: child("openTestBus"),
  outage,
});
