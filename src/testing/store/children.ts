import { expect } from "vitest";
import type { CreateJob, NewChild } from "../../domain/commands.ts";
import { derivedId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { logOf } from "./log.ts";
import { type Held, success } from "./manual-worker.ts";

export function childPoints(point: DefinePoint<StoreFixture>): void {
  point(
    "child.with-success",
    "a child exists exactly when its parent's step has succeeded",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job, deliveries } = await fixture.create();
      worker.hand({ deliveries });
      const held = await worker.take();
      const child = await childOf(fixture, held, "next");
      const at = { owner: OWNER, id: child.job.id };
      expect(await fixture.store.job(at)).toBeNull();
      expect(await worker.succeed(held, { children: [child] })).toBe("settled");
      expect(await fixture.store.job(at)).toMatchObject({
        state: "queued",
        parent: { jobId: job.id, item: 0, step: "work", depth: 1 },
      });
      const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
      const named = { key: "next", jobId: child.job.id, pipeline: "text" };
      expect(item!.trail).toMatchObject([{ step: "work", children: [named] }]);
      expect(worker.deliveries.map((one) => one.taskId)).toEqual([`${child.job.id}.0`]);
      expect(await worker.work()).toBe(1);
      expect(await fixture.store.job(at)).toMatchObject({ state: "succeeded" });
      const created = (await logOf(fixture.store)).filter((event) => event.type === "job.created");
      expect(created.map((event) => event.jobId)).toEqual([job.id, child.job.id]);
    },
  );

  point(
    "child.fenced",
    "a stale attempt starts nothing, and a repeated settlement nothing more",
    async (fixture) => {
      const stores = [fixture.store, await fixture.open()];
      const worker = await fixture.worker();
      worker.hand(await fixture.create());
      const late = await worker.take();
      fixture.pass(11_000);
      await worker.sweep();
      const held = await worker.take();
      const [dropped, child] = [await childOf(fixture, late, "late"), await childOf(fixture, held, "next")];
      expect(await worker.succeed(late, { children: [dropped] })).toBe("stale");
      const outcome = success({ children: [child] });
      const { taskId, lease } = held;
      await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          stores[n % 2]!.settle({ taskId, lease, now: fixture.now(), outcome }),
        ),
      );
      const jobs = await fixture.store.jobs({ owner: OWNER, limit: 10 });
      expect(jobs.map((job) => job.id).sort()).toEqual([held.job.id, child.job.id].sort());
    },
  );

  point(
    "child.once",
    "a step that runs anew in another run starts its children no second time",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work"), all("gather")];
      const { job, deliveries } = await fixture.create({ files: 2, plan });
      worker.hand({ deliveries });
      const [good, bad] = [await worker.take(), await worker.take()];
      await worker.succeed(good);
      await worker.fail(bad, { retryable: false });
      const first = await worker.take();
      const child = await childOf(fixture, first, "report");
      await worker.succeed(first, { children: [child] });
      worker.deliveries.length = 0;
      worker.hand(accepted(await fixture.store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
      await worker.succeed(await worker.take());
      const second = await worker.take();
      const again = await childOf(fixture, second, "report");
      expect(again.job.id).toBe(child.job.id);
      await worker.succeed(second, { children: [again] });
      expect(worker.deliveries).toEqual([]);
      expect(await fixture.store.jobs({ owner: OWNER, limit: 10 })).toHaveLength(2);
      const ended = await fixture.store.job({ owner: OWNER, id: job.id });
      expect(ended?.children).toEqual([{ key: "report", jobId: child.job.id, pipeline: "text" }]);
    },
  );

  point("child.files", "a child has a file that its parent's step wrote", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    const held = await worker.take();
    const written = await fixture.upload("written");
    const items = [{ name: "in.txt", input: { ...written, artifactId: "child.in" } }];
    const child = await childOf(fixture, held, "next", { items });
    await worker.succeed(held, { outputs: [written], children: [child] });
    accepted(await fixture.store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    fixture.pass(2 * 3_600_000);
    expect(await fixture.store.collect({ now: fixture.now(), limit: 10 })).not.toContain(written.blob);
    const [item] = await fixture.store.items({ jobId: child.job.id, limit: 1 });
    expect(item).toMatchObject({ name: "in.txt", input: { blob: written.blob } });
  });

  point(
    "child.files-gone",
    "a step whose child's file was collected runs again, and starts nothing",
    async (fixture) => {
      const worker = await fixture.worker();
      worker.hand(await fixture.create());
      const held = await worker.take();
      const ghost = { ...(await fixture.upload()), blob: "no-such-blob" };
      const child = await childOf(fixture, held, "next", { items: [{ name: "a", input: ghost }] });
      expect(await worker.succeed(held, { children: [child] })).toBe("settled");
      expect(await fixture.store.job({ owner: OWNER, id: child.job.id })).toBeNull();
      const [item] = await fixture.store.items({ jobId: held.job.id, limit: 1 });
      expect(item).toMatchObject({ state: "scheduled", error: { code: "unavailable" } });
    },
  );

  point("child.depth", "children need no room in a full queue, and take it from clients", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ plan: [each("second")] }));
    const held = await worker.take();
    const room = {
      queue: "text/work",
      tasks: 1,
      limit: 2,
      ownerLimit: 2,
      ownerDelayedLimit: 2,
      delayed: false,
    };
    const reserve = async (id: string) =>
      fixture.store.reserve({
        ...room,
        id,
        owner: OWNER,
        now: fixture.now(),
        expiresAt: fixture.now() + 1_000,
      });
    const children = await Promise.all(["a", "b", "c"].map((key) => childOf(fixture, held, key)));
    await worker.succeed(held, { children });
    expect(refused(await reserve("r"))).toBe("queue_full");
    const queues = await fixture.store.queues({ now: fixture.now() });
    expect(queues.find((queue) => queue.name === "text/work")).toMatchObject({ ready: 3 });
  });

  point(
    "child.uncached",
    "what a step that started a child returned is not kept for others",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work", { cacheKey: "k" })];
      const input = await fixture.upload("same");
      const run = () => fixture.create({ plan, items: [{ name: "a", input }] });
      worker.hand(await run());
      const held = await worker.take();
      await worker.succeed(held, { children: [await childOf(fixture, held, "next")], cache: true });
      worker.deliveries.length = 0;
      expect((await run()).deliveries).toHaveLength(1);
    },
  );
}

async function childOf(
  fixture: StoreFixture,
  { taskId, job, task }: Held,
  key: string,
  parts: Partial<CreateJob> = {},
): Promise<NewChild> {
  const step = job.plan[task.step]!.name;
  const parent = { jobId: job.id, item: task.item, step, depth: 1 };
  return {
    key,
    job: await fixture.command({ id: derivedId(job.createdAt, taskId, step, key), parent, ...parts }),
  };
}
