import { expect } from "vitest";
import { newId, taskId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, each, OWNER, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";

export function claimPoints(point: DefinePoint<StoreFixture>): void {
  point("claim.one", "of many claims of one delivery exactly one holds the task", async (fixture) => {
    const stores = [fixture.store, await fixture.open(), await fixture.open()];
    const workers = await Promise.all(stores.map((store) => fixture.worker({ store })));
    const made = await fixture.create({ files: 10 });
    for (const delivery of made.deliveries) {
      const claims = await Promise.all([...workers, ...workers].map((worker) => worker.claim(delivery)));
      const held = claims.filter((one) => one.claimed);
      expect(held).toHaveLength(1);
      expect(held[0]!.claimed && held[0]!.task.attempt).toBe(1);
      expect(claims.filter((one) => !one.claimed && one.reason === "leased")).toHaveLength(5);
    }
  });

  point("claim.answer", "a claim brings the task, its job and what it needs to run", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 2, options: { a: 1 } }));
    const { task, job } = await worker.take();
    expect(task).toMatchObject({ state: "leased", attempt: 1, worker: worker.id, queue: "text/work" });
    expect(task.inputs.map((file) => file.name)).toEqual([task.name]);
    expect(job).toMatchObject({ options: { a: 1 }, state: "running" });
  });

  point("claim.repeat", "a claim with the same token is answered alike and charged once", async (fixture) => {
    const worker = await fixture.worker();
    const { deliveries } = await fixture.create();
    const lease = newId();
    const claims = [await worker.claim(deliveries[0]!, lease), await worker.claim(deliveries[0]!, lease)];
    for (const claim of claims) expect(claim).toMatchObject({ claimed: true, task: { attempt: 1, lease } });
    const at = { taskId: deliveries[0]!.taskId, lease };
    expect(
      await worker.settle(at, {
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

  point("claim.generation", "a delivery of an older generation is void", async (fixture) => {
    const worker = await fixture.worker();
    const { deliveries, job } = await fixture.create();
    worker.hand({ deliveries });
    const held = await worker.take();
    await worker.settle(held, { kind: "returned", delayMs: 0 });
    const [again] = worker.deliveries;
    expect(again!.generation).toBeGreaterThan(deliveries[0]!.generation);
    expect(await worker.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "old_generation" });
    expect(await worker.claim(again!)).toMatchObject({ claimed: true });
    const ahead = { ...again!, taskId: taskId(job.id, 0), generation: again!.generation + 1 };
    expect(await worker.claim(ahead)).toMatchObject({ claimed: false, reason: "old_generation" });
  });

  point("claim.not-due", "a task that waits for its time is not claimed", async (fixture) => {
    const worker = await fixture.worker();
    const made = await fixture.create({ startAt: fixture.now() + 60_000 });
    const [item] = await fixture.store.items({ jobId: made.job.id, limit: 1 });
    const early = { taskId: taskId(made.job.id, 0), queue: "", generation: item!.generation };
    expect(await worker.claim(early)).toMatchObject({ claimed: false, reason: "not_due" });
  });

  point("claim.ended", "what has ended or never was is not claimed", async (fixture) => {
    const worker = await fixture.worker();
    const { deliveries } = await fixture.create();
    worker.hand({ deliveries });
    await worker.work();
    expect(await worker.claim(deliveries[0]!)).toMatchObject({ claimed: false, reason: "ended" });
    const cancelled = await fixture.create();
    accepted(await fixture.store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: fixture.now() }));
    expect(await worker.claim(cancelled.deliveries[0]!)).toMatchObject({ claimed: false, reason: "ended" });
    for (const id of [taskId(newId(), 0), taskId(deliveries[0]!.taskId.slice(0, 36), 5), "nonsense", ""]) {
      const ghost = { taskId: id, queue: "text/work", generation: 1 };
      expect(await worker.claim(ghost)).toMatchObject({ claimed: false, reason: "ended" });
    }
  });

  point("claim.started", "the first claim starts the job, once", async (fixture) => {
    const worker = await fixture.worker();
    const made = await fixture.create({ files: 3, plan: [each("work")] });
    fixture.pass(5);
    worker.hand(made);
    const held = [await worker.take(), await worker.take(), await worker.take()];
    expect(await fixture.store.job({ owner: OWNER, id: made.job.id })).toMatchObject({
      state: "running",
      startedAt: fixture.now(),
    });
    expect(await typesOf(fixture.store, made.job.id)).toEqual([
      "job.created",
      "job.started",
      "item.started",
      "item.started",
      "item.started",
    ]);
    expect(new Set(held.map((one) => one.taskId)).size).toBe(3);
  });
}
