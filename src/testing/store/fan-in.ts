import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { type Crew, failure, success } from "./crew.ts";
import { typesOf } from "./log.ts";
import { all, each, OWNER, type StoreScene } from "./scene.ts";

export function fanInPoints(point: DefinePoint<StoreScene>): void {
  point("fan-in.once", "settled at once from everywhere, the last item starts one fan-in", async (scene) => {
    const stores = [scene.store, await scene.open(), await scene.open()];
    const crews = await Promise.all(stores.map((store) => scene.crew({ store })));
    const plan = [each("work"), all("gather")];
    const jobs = await Promise.all(Array.from({ length: 15 }, () => scene.create({ files: 8, plan })));
    const deliveries = jobs.flatMap((job) => job.deliveries);
    await Promise.all(
      deliveries.map(async (delivery, n) => {
        const crew = crews[n % crews.length]!;
        const claim = await crew.claim(delivery);
        if (!claim.claimed) throw new Error("not claimed");
        await crew.settle({ taskId: delivery.taskId, lease: claim.task.lease! }, success({ result: n }));
      }),
    );
    const gathers = crews.flatMap((crew) => crew.deliveries);
    expect(gathers.map((one) => one.taskId).sort()).toEqual(jobs.map(({ job }) => `${job.id}.all`).sort());
    for (const crew of crews) await crew.work();
    for (const { job } of jobs) {
      expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "succeeded",
        done: 8,
      });
      const types = await typesOf(scene.store, job.id);
      expect(types.filter((type) => type === "job.succeeded")).toHaveLength(1);
    }
  });

  point("fan-in.reads", "an all step reads every item's outcome, by index", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 5, plan: [each("work"), all("gather")] }));
    await crew.work(({ task }) => {
      if (task.step === 1) return success({ result: "done" });
      return task.item === 3 ? failure({ retryable: false }) : success({ result: task.item });
    });
    crew.hand(await scene.create({ files: 3, plan: [each("work"), all("gather")] }));
    for (let n = 0; n < 3; n++) {
      const held = await crew.take();
      await crew.succeed(held, { result: held.task.item * 10 });
    }
    const gather = await crew.take();
    expect(gather.task).toMatchObject({ item: -1, step: 1, queue: "text/gather" });
    const items = await scene.store.items({ jobId: gather.job.id, limit: 10 });
    expect(items.map((item) => [item.item, item.state, item.result])).toEqual([
      [0, "succeeded", 0],
      [1, "succeeded", 10],
      [2, "succeeded", 20],
    ]);
  });

  point("fan-in.some", "an all step that needs some runs when one item succeeded", async (scene) => {
    const crew = await scene.crew();
    const partial = await scene.create({ files: 3, plan: [each("work"), all("gather")] });
    crew.hand(partial);
    await crew.work(({ task }) => (task.item === 0 ? undefined : task.item > 0 ? lost() : undefined));
    expect(await outcomeOf(scene, partial.job.id)).toEqual(["partial", null, 1, 2]);
    const none = await scene.create({ files: 2, plan: [each("work"), all("gather")] });
    crew.hand(none);
    await crew.work(({ task }) => (task.item >= 0 ? lost() : undefined));
    expect(await outcomeOf(scene, none.job.id)).toEqual(["failed", "items_failed", 0, 2]);
  });

  point("fan-in.every", "an all step that needs every item does not run when one failed", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work"), all("gather", { needs: "every" })];
    const { job, deliveries } = await scene.create({ files: 3, plan });
    crew.hand({ deliveries });
    const worked = await crew.work(({ task }) => (task.item === 1 ? lost() : undefined));
    expect(worked).toBe(3);
    expect(await outcomeOf(scene, job.id)).toEqual(["failed", "items_failed", 2, 1]);
    const good = await scene.create({ files: 3, plan });
    crew.hand(good);
    expect(await crew.work()).toBe(4);
    expect(await outcomeOf(scene, good.job.id)).toEqual(["succeeded", null, 3, 0]);
  });

  point("chain.each", "an item passes its outputs and result from step to step", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 1, plan: [each("work"), each("second")] });
    crew.hand({ deliveries });
    const first = await crew.take();
    const output = await scene.upload("made");
    await crew.succeed(first, { outputs: [output], result: { n: 1 } });
    const second = await crew.take();
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
    await crew.succeed(second, { result: "end" });
    expect(await outcomeOf(scene, job.id)).toEqual(["succeeded", null, 1, 0]);
    expect((await typesOf(scene.store, job.id)).filter((type) => type === "item.succeeded")).toHaveLength(1);
  });

  point("chain.all", "all steps follow one another, each with the result before", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await scene.create({ files: 2, plan });
    crew.hand({ deliveries });
    await crew.succeed(await crew.take());
    await crew.succeed(await crew.take());
    await crew.succeed(await crew.take(), { result: { zip: 1 } });
    const last = await crew.take();
    expect(last.task).toMatchObject({ step: 2, queue: "text/publish", previous: { zip: 1 }, attempt: 1 });
    await crew.succeed(last, { result: "published" });
    const ended = await scene.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: "published", stepsDone: 4 });
  });

  point("chain.all-first", "a pipeline may begin with an all step", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 3, plan: [all("gather"), all("publish")] });
    expect(deliveries.map((one) => one.taskId)).toEqual([`${job.id}.all`]);
    crew.hand({ deliveries });
    const held = await crew.take();
    const items = await scene.store.items({ jobId: job.id, limit: 10 });
    expect(items.map((item) => item.outputs.map((file) => file.name))).toEqual([
      ["file-0.txt"],
      ["file-1.txt"],
      ["file-2.txt"],
    ]);
    await crew.succeed(held);
    await crew.work();
    expect(await outcomeOf(scene, job.id)).toEqual(["succeeded", null, 3, 0]);
  });

  point("chain.no-files", "a job without files has one item without input", async (scene) => {
    const crew = await scene.crew();
    const { job, items, deliveries } = await scene.create({ plan: [each("work"), all("gather")] });
    expect(items.map((item) => [item.item, item.input, item.inputs])).toEqual([[0, null, []]]);
    crew.hand({ deliveries });
    expect(await crew.work()).toBe(2);
    expect(await outcomeOf(scene, job.id)).toEqual(["succeeded", null, 1, 0]);
  });

  point(
    "fan-in.failed",
    "an all step whose attempts are spent fails the job with its cause",
    async (scene) => {
      const crew = await scene.crew();
      const plan = [each("work"), all("gather", { attempts: 2 })];
      const { job, deliveries } = await scene.create({ files: 2, plan });
      crew.hand({ deliveries });
      await crew.work(({ task }) => (task.item < 0 ? failure() : undefined));
      scene.pass(60_000);
      await crew.sweep();
      await crew.work(() => failure());
      expect(await outcomeOf(scene, job.id)).toEqual(["failed", "step_failed", 2, 0]);
      expect((await scene.store.deadLetters({ limit: 5 })).map((letter) => letter.item)).toEqual([-1]);
    },
  );

  point("progress.sums", "progress grows to 1 and its parts always sum up", async (scene) => {
    const crew: Crew = await scene.crew();
    const plan = [each("work"), each("second"), all("gather")];
    const { job, deliveries } = await scene.create({ files: 6, plan });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.item === 2 && task.step === 0 ? lost() : undefined));
    const events = await scene.store.events({ owner: OWNER, after: 0, limit: 100, jobId: job.id });
    const fractions = events.map((event) => (event.data.progress as { fraction: number }).fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    const ended = await scene.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ done: 5, failed: 1, stepsDone: 13, remaining: 0 });
  });
}

const lost = () => failure({ retryable: false });

async function outcomeOf({ store }: StoreScene, id: string) {
  const job = await store.job({ owner: OWNER, id });
  return [job?.state, job?.error?.code ?? null, job?.done, job?.failed];
}
