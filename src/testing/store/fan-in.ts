import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure, type ManualWorker, success } from "./manual-worker.ts";

export function fanInPoints(point: DefinePoint<StoreFixture>): void {
  point(
    "fan-in.once",
    "settled at once from everywhere, the last item starts one fan-in",
    async (fixture) => {
      const stores = [fixture.store, await fixture.open(), await fixture.open()];
      const workers = await Promise.all(stores.map((store) => fixture.worker({ store })));
      const plan = [each("work"), all("gather")];
      const jobs = await Promise.all(Array.from({ length: 15 }, () => fixture.create({ files: 8, plan })));
      const deliveries = jobs.flatMap((job) => job.deliveries);
      await Promise.all(
        deliveries.map(async (delivery, n) => {
          const worker = workers[n % workers.length]!;
          const claim = await worker.claim(delivery);
          if (!claim.claimed) throw new Error("not claimed");
          await worker.settle({ taskId: delivery.taskId, lease: claim.task.lease! }, success({ result: n }));
        }),
      );
      const gathers = workers.flatMap((worker) => worker.deliveries);
      expect(gathers.map((one) => one.taskId).sort()).toEqual(jobs.map(({ job }) => `${job.id}.all`).sort());
      for (const worker of workers) await worker.work();
      for (const { job } of jobs) {
        expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({
          state: "succeeded",
          done: 8,
        });
        const types = await typesOf(fixture.store, job.id);
        expect(types.filter((type) => type === "job.succeeded")).toHaveLength(1);
      }
    },
  );

  point("fan-in.reads", "an all step reads every item's outcome, by index", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 5, plan: [each("work"), all("gather")] }));
    await worker.work(({ task }) => {
      if (task.step === 1) return success({ result: "done" });
      return task.item === 3 ? failure({ retryable: false }) : success({ result: task.item });
    });
    worker.hand(await fixture.create({ files: 3, plan: [each("work"), all("gather")] }));
    for (let n = 0; n < 3; n++) {
      const held = await worker.take();
      await worker.succeed(held, { result: held.task.item * 10 });
    }
    const gather = await worker.take();
    expect(gather.task).toMatchObject({ item: -1, step: 1, queue: "text/gather" });
    const items = await fixture.store.items({ jobId: gather.job.id, limit: 10 });
    expect(items.map((item) => [item.item, item.state, item.result])).toEqual([
      [0, "succeeded", 0],
      [1, "succeeded", 10],
      [2, "succeeded", 20],
    ]);
  });

  point("fan-in.some", "an all step that needs some runs when one item succeeded", async (fixture) => {
    const worker = await fixture.worker();
    const partial = await fixture.create({ files: 3, plan: [each("work"), all("gather")] });
    worker.hand(partial);
    await worker.work(({ task }) => (task.item === 0 ? undefined : task.item > 0 ? lost() : undefined));
    expect(await outcomeOf(fixture, partial.job.id)).toEqual(["partial", null, 1, 2]);
    const none = await fixture.create({ files: 2, plan: [each("work"), all("gather")] });
    worker.hand(none);
    await worker.work(({ task }) => (task.item >= 0 ? lost() : undefined));
    expect(await outcomeOf(fixture, none.job.id)).toEqual(["failed", "items_failed", 0, 2]);
  });

  point("fan-in.every", "an all step that needs every item does not run when one failed", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather", { needs: "every" })];
    const { job, deliveries } = await fixture.create({ files: 3, plan });
    worker.hand({ deliveries });
    const worked = await worker.work(({ task }) => (task.item === 1 ? lost() : undefined));
    expect(worked).toBe(3);
    expect(await outcomeOf(fixture, job.id)).toEqual(["failed", "items_failed", 2, 1]);
    const good = await fixture.create({ files: 3, plan });
    worker.hand(good);
    expect(await worker.work()).toBe(4);
    expect(await outcomeOf(fixture, good.job.id)).toEqual(["succeeded", null, 3, 0]);
  });

  point("chain.each", "an item passes its outputs and result from step to step", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1, plan: [each("work"), each("second")] });
    worker.hand({ deliveries });
    const first = await worker.take();
    const output = await fixture.upload("made");
    await worker.succeed(first, { outputs: [output], result: { n: 1 } });
    const second = await worker.take();
    expect(second.task).toMatchObject({
      step: 1,
      queue: "text/second",
      attempt: 1,
      inputs: [output],
      previous: { n: 1 },
      outputs: [],
      result: null,
    });
    expect(second.task.input?.name).toBe("file-0.txt");
    expect(second.task.trail.map((entry) => entry.step)).toEqual(["work"]);
    await worker.succeed(second, { result: "end" });
    expect(await outcomeOf(fixture, job.id)).toEqual(["succeeded", null, 1, 0]);
    expect((await typesOf(fixture.store, job.id)).filter((type) => type === "item.succeeded")).toHaveLength(
      1,
    );
  });

  point("chain.all", "all steps follow one another, each with the result before", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ files: 2, plan });
    worker.hand({ deliveries });
    await worker.succeed(await worker.take());
    await worker.succeed(await worker.take());
    await worker.succeed(await worker.take(), { result: { zip: 1 } });
    const last = await worker.take();
    expect(last.task).toMatchObject({ step: 2, queue: "text/publish", previous: { zip: 1 }, attempt: 1 });
    await worker.succeed(last, { result: "published" });
    const ended = await fixture.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: "published", stepsDone: 4 });
  });

  point("chain.all-first", "a pipeline may begin with an all step", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 3, plan: [all("gather"), all("publish")] });
    expect(deliveries.map((one) => one.taskId)).toEqual([`${job.id}.all`]);
    worker.hand({ deliveries });
    const held = await worker.take();
    const items = await fixture.store.items({ jobId: job.id, limit: 10 });
    expect(items.map((item) => item.outputs.map((file) => file.name))).toEqual([
      ["file-0.txt"],
      ["file-1.txt"],
      ["file-2.txt"],
    ]);
    await worker.succeed(held);
    await worker.work();
    expect(await outcomeOf(fixture, job.id)).toEqual(["succeeded", null, 3, 0]);
  });

  point("chain.no-files", "a job without files has one item without input", async (fixture) => {
    const worker = await fixture.worker();
    const { job, items, deliveries } = await fixture.create({ plan: [each("work"), all("gather")] });
    expect(items.map((item) => [item.item, item.input, item.inputs])).toEqual([[0, null, []]]);
    worker.hand({ deliveries });
    expect(await worker.work()).toBe(2);
    expect(await outcomeOf(fixture, job.id)).toEqual(["succeeded", null, 1, 0]);
  });

  point(
    "fan-in.failed",
    "an all step whose attempts are spent fails the job with its cause",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work"), all("gather", { attempts: 2 })];
      const { job, deliveries } = await fixture.create({ files: 2, plan });
      worker.hand({ deliveries });
      await worker.work(({ task }) => (task.item < 0 ? failure() : undefined));
      fixture.pass(60_000);
      await worker.sweep();
      await worker.work(() => failure());
      expect(await outcomeOf(fixture, job.id)).toEqual(["failed", "step_failed", 2, 0]);
      expect((await fixture.store.deadLetters({ limit: 5 })).map((letter) => letter.item)).toEqual([-1]);
    },
  );

  point("progress.sums", "progress grows to 1 and its parts always sum up", async (fixture) => {
    const worker: ManualWorker = await fixture.worker();
    const plan = [each("work"), each("second"), all("gather")];
    const { job, deliveries } = await fixture.create({ files: 6, plan });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item === 2 && task.step === 0 ? lost() : undefined));
    const events = await fixture.store.events({ owner: OWNER, after: 0, limit: 100, jobId: job.id });
    const fractions = events.map((event) => (event.data.progress as { fraction: number }).fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    const ended = await fixture.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ done: 5, failed: 1, stepsDone: 13, remaining: 0 });
  });
}

const lost = () => failure({ retryable: false });

async function outcomeOf({ store }: StoreFixture, id: string) {
  const job = await store.job({ owner: OWNER, id });
  return [job?.state, job?.error?.code ?? null, job?.done, job?.failed];
}
