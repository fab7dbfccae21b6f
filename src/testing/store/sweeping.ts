import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { each, type StoreFixture } from "./fixture.ts";
import { LONG_SILENCE_MS } from "./manual-worker.ts";

export function sweepPoints(point: DefinePoint<StoreFixture>): void {
  point("sweep.published", "what was handed out and never claimed is handed out again", async (fixture) => {
    const worker = await fixture.worker();
    const { deliveries } = await fixture.create({ files: 3 });
    expect(await worker.sweep()).toBe(0);
    fixture.pass(11_000);
    expect(await worker.sweep()).toBe(3);
    const old = new Map(deliveries.map((one) => [one.taskId, one.generation]));
    for (const one of worker.deliveries) expect(one.generation).toBe(old.get(one.taskId)! + 1);
    expect(await worker.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "old_generation" });
    expect(await worker.work()).toBe(3);
  });

  point("sweep.window", "what is handed out again keeps its one slot in the window", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 1 });
    await fixture.create({ files: 20 });
    for (let round = 1; round <= 3; round++) {
      fixture.pass(round * 10_000 - 1);
      expect(await worker.sweep()).toBe(0);
      fixture.pass(1);
      expect(await worker.sweep()).toBe(4);
    }
    fixture.pass(40_000);
    worker.deliveries.length = 0;
    await worker.sweep();
    expect(await worker.work()).toBe(20);
  });

  point("sweep.once", "many schedulers hand out each due task once", async (fixture) => {
    const stores = [fixture.store, await fixture.open(), await fixture.open()];
    await fixture.worker();
    await fixture.create({ files: 40, startAt: fixture.now() + 1_000 });
    fixture.pass(1_001);
    const command = { now: fixture.now(), limit: 1_000, silenceMs: LONG_SILENCE_MS };
    const swept = await Promise.all(stores.map((store) => store.sweep(command)));
    const ids = swept.flatMap((one) => one.deliveries.map((delivery) => delivery.taskId));
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBe(40);
  });

  point("sweep.limit", "a sweep takes at most its limit and says whether there is more", async (fixture) => {
    const worker = await fixture.worker();
    await fixture.create({ files: 25, startAt: fixture.now() + 1_000 });
    fixture.pass(1_001);
    const sizes: number[] = [];
    for (let more = true; more; ) {
      const swept = await fixture.store.sweep({ now: fixture.now(), limit: 10, silenceMs: LONG_SILENCE_MS });
      worker.hand(swept);
      sizes.push(swept.deliveries.length);
      more = swept.more;
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(await worker.work()).toBe(25);
  });

  point("sweep.leased", "a task whose lease has passed is handed out again", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 2, plan: [each("work")] }));
    const [slow, quick] = [await worker.take(), await worker.take()];
    fixture.pass(9_999);
    expect(await worker.sweep()).toBe(0);
    await worker.succeed(quick);
    fixture.pass(2);
    expect(await worker.sweep()).toBe(1);
    expect(await worker.succeed(slow)).toBe("stale");
    expect(await worker.work()).toBe(1);
  });
}
