import { expect } from "vitest";
import { newId, taskId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { typesOf } from "./log.ts";
import { accepted, each, OWNER, type StoreScene } from "./scene.ts";

export function claimPoints(point: DefinePoint<StoreScene>): void {
  point("claim.one", "of many claims of one delivery exactly one holds the task", async (scene) => {
    const stores = [scene.store, await scene.open(), await scene.open()];
    const crews = await Promise.all(stores.map((store) => scene.crew({ store })));
    const made = await scene.create({ files: 10 });
    for (const delivery of made.deliveries) {
      const claims = await Promise.all([...crews, ...crews].map((crew) => crew.claim(delivery)));
      const held = claims.filter((one) => one.claimed);
      expect(held).toHaveLength(1);
      expect(held[0]!.claimed && held[0]!.task.attempt).toBe(1);
      expect(claims.filter((one) => !one.claimed && one.reason === "leased")).toHaveLength(5);
    }
  });

  point("claim.answer", "a claim brings the task, its job and what it needs to run", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 2, options: { a: 1 } }));
    const { task, job } = await crew.take();
    expect(task).toMatchObject({ state: "leased", attempt: 1, worker: crew.worker, queue: "text/work" });
    expect(task.inputs.map((file) => file.name)).toEqual([task.name]);
    expect(job).toMatchObject({ options: { a: 1 }, state: "running" });
  });

  point("claim.repeat", "a claim with the same token is answered alike and charged once", async (scene) => {
    const crew = await scene.crew();
    const { deliveries } = await scene.create();
    const lease = newId();
    const claims = [await crew.claim(deliveries[0]!, lease), await crew.claim(deliveries[0]!, lease)];
    for (const claim of claims) expect(claim).toMatchObject({ claimed: true, task: { attempt: 1, lease } });
    const at = { taskId: deliveries[0]!.taskId, lease };
    expect(
      await crew.settle(at, {
        kind: "succeeded",
        result: null,
        resultFile: null,
        outputs: [],
        warnings: [],
        cache: true,
        ms: 1,
      }),
    ).toBe("settled");
  });

  point("claim.generation", "a delivery of an older generation is void", async (scene) => {
    const crew = await scene.crew();
    const { deliveries, job } = await scene.create();
    crew.hand({ deliveries });
    const held = await crew.take();
    await crew.settle(held, { kind: "returned", delayMs: 0 });
    const [again] = crew.deliveries;
    expect(again!.generation).toBeGreaterThan(deliveries[0]!.generation);
    expect(await crew.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "old_generation" });
    expect(await crew.claim(again!)).toMatchObject({ claimed: true });
    const ahead = { ...again!, taskId: taskId(job.id, 0), generation: again!.generation + 1 };
    expect(await crew.claim(ahead)).toMatchObject({ claimed: false, reason: "old_generation" });
  });

  point("claim.not-due", "a task that waits for its time is not claimed", async (scene) => {
    const crew = await scene.crew();
    const made = await scene.create({ startAt: scene.now() + 60_000 });
    const [item] = await scene.store.items({ jobId: made.job.id, limit: 1 });
    const early = { taskId: taskId(made.job.id, 0), queue: "", generation: item!.generation };
    expect(await crew.claim(early)).toMatchObject({ claimed: false, reason: "not_due" });
  });

  point("claim.ended", "what has ended or never was is not claimed", async (scene) => {
    const crew = await scene.crew();
    const { deliveries } = await scene.create();
    crew.hand({ deliveries });
    await crew.work();
    expect(await crew.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "ended" });
    const cancelled = await scene.create();
    accepted(await scene.store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: scene.now() }));
    expect(await crew.claim(cancelled.deliveries[0]!)).toMatchObject({ claimed: false, reason: "ended" });
    for (const id of [taskId(newId(), 0), taskId(deliveries[0]!.taskId.slice(0, 36), 5), "nonsense", ""]) {
      const ghost = { taskId: id, queue: "text/work", generation: 1 };
      expect(await crew.claim(ghost)).toMatchObject({ claimed: false, reason: "ended" });
    }
  });

  point("claim.started", "the first claim starts the job, once", async (scene) => {
    const crew = await scene.crew();
    const made = await scene.create({ files: 3, plan: [each("work")] });
    scene.pass(5);
    crew.hand(made);
    const held = [await crew.take(), await crew.take(), await crew.take()];
    expect(await scene.store.job({ owner: OWNER, id: made.job.id })).toMatchObject({
      state: "running",
      startedAt: scene.now(),
    });
    expect(await typesOf(scene.store, made.job.id)).toEqual([
      "job.created",
      "job.started",
      "item.started",
      "item.started",
      "item.started",
    ]);
    expect(new Set(held.map((one) => one.taskId)).size).toBe(3);
  });
}
