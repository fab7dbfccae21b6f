import { afterAll } from "vitest";
import { limiterSuite } from "../../testing/limiter-suite.ts";
import { connectWriter } from "./client.ts";
import { openTestLimiter, testWriter } from "./testing.ts";

const { socketPath, close } = await testWriter({ publishes: true });
const client = await connectWriter(socketPath);
afterAll(async () => {
  await client.close();
  await close();
});

limiterSuite({
  name: "sqlite",
  open: () => openTestLimiter(socketPath),
  child: {
    module: new URL("./testing.ts", import.meta.url).href,
    factory: "openTestLimiter",
    args: [socketPath],
  },
  outage: "it lives in the process that everything else ends with",
  kept: () => client.call<number>("limiter.kept"),
});
