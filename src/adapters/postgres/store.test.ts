import { describe } from "vitest";
import { addressOf, withService } from "../../testing/services.ts";
import { storeSuite } from "../../testing/store-suite.ts";
import { openPostgresStore } from "./store.ts";
import { testSchema } from "./testing.ts";

await withService("PostgreSQL", addressOf(testSchema().url, 5432), () => {
  // Each has its own schema, and they mostly wait for the disk.
  describe.concurrent("some at once", () => {
    storeSuite({
      name: "postgres",
      async create() {
        const { url, drop } = testSchema();
        return { open: () => openPostgresStore(url, { publishes: false }), close: drop };
      },
    });
  });
});
