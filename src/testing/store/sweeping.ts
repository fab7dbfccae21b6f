import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { LONG_SILENCE_MS } from "./crew.ts";
import { each, type StoreScene } from "./scene.ts";

export function sweepPoints(point: DefinePoint<StoreScene>): void {
  point("sweep.published", "what was handed out and never claimed is handed out again", async (scene) => {
    const crew = await scene.crew();
    const { deliveries } = await scene.create({ files: 3 });
    expect(await crew.sweep()).toBe(0);
    scene.pass(11_000);
    expect(await crew.sweep()).toBe(3);
    const old = new Map(deliveries.map((one) => [one.taskId, one.generation]));
    for (const one of crew.deliveries) expect(one.generation).toBe(old.get(one.taskId)! + 1);
    expect(await crew.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "old_generation" });
    expect(await crew.work()).toBe(3);
  });

  point("sweep.window", "what is handed out again keeps its one place in the window", async (scene) => {
    const crew = await scene.crew({ concurrency: 1 });
    await scene.create({ files: 20 });
    for (let round = 1; round <= 3; round++) {
      scene.pass(round * 10_000 - 1);
      expect(await crew.sweep()).toBe(0);
      scene.pass(1);
      expect(await crew.sweep()).toBe(4);
    }
    scene.pass(40_000);
    crew.deliveries.length = 0;
    await crew.sweep();
    expect(await crew.work()).toBe(20);
  });

  point("sweep.once", "many schedulers hand out each due task once", async (scene) => {
    const stores = [scene.store, await scene.open(), await scene.open()];
    await scene.crew();
    await scene.create({ files: 40, startAt: scene.now() + 1_000 });
    scene.pass(1_001);
    const command = { now: scene.now(), limit: 1_000, silenceMs: LONG_SILENCE_MS };
    const swept = await Promise.all(stores.map((store) => store.sweep(command)));
    const ids = swept.flatMap((one) => one.deliveries.map((delivery) => delivery.taskId));
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBe(40);
  });

  point("sweep.limit", "a sweep takes at most its limit and says whether there is more", async (scene) => {
    const crew = await scene.crew();
    await scene.create({ files: 25, startAt: scene.now() + 1_000 });
    scene.pass(1_001);
    const sizes: number[] = [];
    for (let more = true; more; ) {
      const swept = await scene.store.sweep({ now: scene.now(), limit: 10, silenceMs: LONG_SILENCE_MS });
      crew.hand(swept);
      sizes.push(swept.deliveries.length);
      more = swept.more;
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(await crew.work()).toBe(25);
  });

  point("sweep.leased", "a task whose lease has passed is handed out again", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 2, plan: [each("work")] }));
    const [slow, quick] = [await crew.take(), await crew.take()];
    scene.pass(9_999);
    expect(await crew.sweep()).toBe(0);
    await crew.succeed(quick);
    scene.pass(2);
    expect(await crew.sweep()).toBe(1);
    expect(await crew.succeed(slow)).toBe("stale");
    expect(await crew.work()).toBe(1);
  });
}
