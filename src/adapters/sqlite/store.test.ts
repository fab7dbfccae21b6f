import { storeSuite } from "../../testing/store-suite.ts";
import { connectWriter } from "./client.ts";
import { sqliteStore } from "./store.ts";
import { testWriter } from "./testing.ts";

storeSuite({
  name: "sqlite",
  async create() {
    const { socketPath, close } = await testWriter({ publishes: false });
    return {
      open: async () => sqliteStore(await connectWriter(socketPath), { publishes: false }),
      close,
    };
  },
});
