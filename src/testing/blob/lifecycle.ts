import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { persist } from "../wait.ts";
import { type BlobFixture, flow } from "./fixture.ts";

export function lifecyclePoints(point: DefinePoint<BlobFixture>): void {
  point(
    "health.truthful",
    "an outage is told as unavailable, and it is over when it is over",
    async (fixture) => {
      const outage = fixture.outage();
      const { blobs } = fixture;
      const kept = await blobs.put(Buffer.from("before"));
      await blobs.health();
      await outage.begin();
      try {
        const started = performance.now();
        const health = await refusal(blobs.health(), "unavailable");
        expect(health.retryable).toBe(true);
        expect(health.cause).toBeDefined();
        for (const source of [Buffer.from("during"), flow(100_000)]) {
          const put = await refusal(blobs.put(source), "unavailable");
          expect(put.retryable).toBe(true);
        }
        expect(performance.now() - started).toBeLessThan(30_000);
      } finally {
        await outage.end();
      }
      await persist(10_000, () => blobs.health());
      expect((await blobs.read(kept.key)).toString()).toBe("before");
      await blobs.put(Buffer.from("after"));
    },
  );

  point("open.at-once", "several processes may open the same store at the same moment", async (fixture) => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => fixture.open()));
    const kept = await Promise.all(stores.map((store, index) => store.put(Buffer.from(`store ${index}`))));
    expect((await fixture.listed()).sort()).toEqual(kept.map(({ key }) => key).sort());
  });

  point("close.idempotent", "close may be called again", async (fixture) => {
    const store = await fixture.open();
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  point("close.no-handle", "a process ends by itself after close", async (fixture) => {
    const child = fixture.child({ errand: "tidy", text: "and goodbye" });
    expect(await child.until(1)).toEqual(["closed"]);
    expect(await child.ended(3_000)).toBe(0);
  });
}
