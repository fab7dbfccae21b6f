import { spawnSync } from "node:child_process";
import { afterAll, test } from "vitest";
import { startRedis } from "../../../test/services/redis.ts";
import { brokerSuite } from "../../testing/broker-suite.ts";
import { openRedisBroker } from "./broker.ts";

const installed = spawnSync("redis-server", ["--version"]).status === 0;

if (!installed && process.env.CI !== "true") {
  test("a Redis server of its own", (context) => context.skip("missing: redis-server"));
} else {
  const server = await startRedis();
  afterAll(() => server.stop());
  brokerSuite(
    {
      name: "redis",
      open: () => openRedisBroker(server.url, { ownershipMs: 2_000 }),
      child: "covered in broker.test.ts",
      outage: "covered in broker.test.ts",
      restart: () => server.restart(),
    },
    { only: ["restart.keeps"] },
  );
}
