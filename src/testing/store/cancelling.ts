import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure, success } from "./manual-worker.ts";

export function cancelPoints(point: DefinePoint<StoreFixture>): void {
  point(
    "cancel.ends",
    "cancelling ends open items, revokes their leases and blocks fan-in",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const plan = [each("work"), all("gather")];
      const { job, deliveries } = await fixture.create({ files: 4, plan });
      worker.hand({ deliveries });
      const done = await worker.take();
      const running = await worker.take();
      const retrying = await worker.take();
      await worker.succeed(done, { result: "kept" });
      await worker.fail(retrying);
      const cancelled = accepted(await store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() }));
      expect(cancelled.revoked).toEqual([running.lease]);
      expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "cancelled",
        done: 1,
        cancelled: 3,
        remaining: 0,
        finishedAt: fixture.now(),
      });
      const items = await store.items({ jobId: job.id, limit: 10 });
      expect(items.map((item) => item.state)).toEqual(["succeeded", "cancelled", "cancelled", "cancelled"]);
      for (const outcome of [success(), failure()])
        expect(await worker.settle(running, outcome)).toBe("stale");
      const leases = [{ taskId: running.taskId, lease: running.lease }];
      expect((await store.renew({ leases, until: fixture.now() + 1_000 })).lost).toEqual([running.lease]);
      fixture.pass(3_600_000);
      await worker.sweep();
      expect(await worker.work()).toBe(0);
      const types = await typesOf(store, job.id);
      expect(types.at(-1)).toBe("job.cancelled");
      expect(types.filter((type) => type === "item.cancelled")).toHaveLength(3);
    },
  );

  point("cancel.fan-in", "an all step is cancelled too", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    await worker.succeed(await worker.take());
    const gather = await worker.take();
    const cancelled = await fixture.store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() });
    expect(accepted(cancelled).revoked).toEqual([gather.lease]);
    expect(await worker.succeed(gather, { result: "late" })).toBe("stale");
    const read = await fixture.store.job({ owner: OWNER, id: job.id });
    expect(read).toMatchObject({ state: "cancelled", result: null, done: 1, cancelled: 0 });
  });

  point("cancel.refused", "an ended job is refused, another's is not found", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    const cancel = (owner: string, id: string) => fixture.store.cancelJob({ owner, id, now: fixture.now() });
    expect(refused(await cancel("other", job.id))).toBe("not_found");
    expect(refused(await cancel(OWNER, newId()))).toBe("not_found");
    expect(refused(await cancel(OWNER, "nonsense"))).toBe("not_found");
    worker.hand({ deliveries });
    await worker.work();
    expect(refused(await cancel(OWNER, job.id))).toBe("job_ended");
    const second = await fixture.create();
    accepted(await cancel(OWNER, second.job.id));
    expect(refused(await cancel(OWNER, second.job.id))).toBe("job_ended");
    expect((await typesOf(fixture.store, second.job.id)).slice(1)).toEqual([
      "item.cancelled",
      "job.cancelled",
    ]);
  });

  point("cancel.race", "cancelling while items settle leaves one end and true sums", async (fixture) => {
    const other = await fixture.open();
    const worker = await fixture.worker();
    for (let round = 0; round < 8; round++) {
      const { job, deliveries } = await fixture.create({ files: 6, plan: [each("work"), all("gather")] });
      worker.hand({ deliveries });
      const held = await Promise.all(deliveries.map(() => worker.take()));
      await Promise.all([
        ...held.map((one) => worker.succeed(one)),
        other.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() }),
      ]);
      worker.deliveries.length = 0;
      const ended = (await fixture.store.job({ owner: OWNER, id: job.id }))!;
      expect(ended.state).toBe("cancelled");
      expect(ended.done + ended.cancelled).toBe(6);
      const types = await typesOf(fixture.store, job.id);
      expect(types.filter((type) => type === "item.succeeded")).toHaveLength(ended.done);
      expect(types.filter((type) => type.startsWith("job."))).toEqual([
        "job.created",
        "job.started",
        "job.cancelled",
      ]);
    }
  });

  point("remove.forgets", "removing ends a job first, and then forgets it", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2 });
    worker.hand({ deliveries });
    const held = await worker.take();
    const remove = (owner: string) => store.removeJob({ owner, id: job.id, now: fixture.now() });
    expect(refused(await remove("other"))).toBe("not_found");
    expect(accepted(await remove(OWNER)).revoked).toEqual([held.lease]);
    expect(await store.job({ owner: OWNER, id: job.id })).toBeNull();
    expect(await store.items({ jobId: job.id, limit: 10 })).toEqual([]);
    expect(await worker.succeed(held)).toBe("stale");
    expect(refused(await remove(OWNER))).toBe("not_found");
    const events = await store.events({ owner: OWNER, after: 0, limit: 100 });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, n) => n + 1));
    expect(events.at(-1)!.type).toBe("job.cancelled");
    for (const event of events) {
      expect(event.data).toMatchObject({ jobId: job.id, forgotten: true });
      expect(event.data.name).toBeUndefined();
    }
  });
}
