import { expect } from "vitest";
import { JOB_ITEM } from "../../domain/records.ts";
import type { Changed, Result } from "../../ports/store/jobs.ts";
import type { DefinePoint } from "../points.ts";
import { failure, success } from "./crew.ts";
import { typesOf } from "./log.ts";
import { accepted, all, each, OWNER, refused, type StoreScene } from "./scene.ts";

export function reopenPoints(point: DefinePoint<StoreScene>): void {
  point("reopen.failed", "a retry runs the failed items again, as the next run", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 5, plan: [each("work"), each("second")] });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.item === task.step ? lost() : undefined));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "partial",
      done: 3,
      failed: 2,
    });
    scene.pass(1_000);
    const reopened = accepted(await reopen(scene, job.id));
    expect(reopened).toMatchObject({ items: 2 });
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "running",
      run: 2,
      done: 3,
      failed: 0,
      remaining: 2,
      finishedAt: null,
      expiresAt: null,
      stepsDone: 7,
    });
    crew.hand(reopened);
    const held = [await crew.take(), await crew.take()];
    expect(held.map(({ task }) => [task.item, task.step, task.attempt, task.run, task.error])).toEqual([
      [0, 0, 1, 2, null],
      [1, 1, 1, 2, null],
    ]);
    for (const one of held) await crew.succeed(one);
    await crew.work();
    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", done: 5, stepsDone: 10, remaining: 0 });
    const types = await typesOf(store, job.id);
    expect(types.filter((type) => /job\.(partial|reopened|succeeded)/.test(type))).toEqual([
      "job.partial",
      "job.reopened",
      "job.succeeded",
    ]);
  });

  point("reopen.named", "only the items named run again", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 3 });
    crew.hand({ deliveries });
    await crew.work(lost);
    expect(accepted(await reopen(scene, job.id, [1])).deliveries.map((one) => one.taskId)).toEqual([
      `${job.id}.1`,
    ]);
    const read = await scene.store.job({ owner: OWNER, id: job.id });
    expect(read).toMatchObject({ failed: 2, remaining: 1 });
  });

  point("reopen.supersedes", "what all steps made of the earlier results is made anew", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await scene.create({ files: 3, plan });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.item === 1 ? lost() : success({ result: `run 1 ${task.step}` })));
    const before = await store.job({ owner: OWNER, id: job.id });
    expect(before).toMatchObject({ state: "partial", result: "run 1 2", stepsDone: 5 });
    crew.hand(accepted(await reopen(scene, job.id)));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ result: null, stepsDone: 2 });
    const held = await crew.take();
    expect(crew.deliveries).toEqual([]);
    await crew.succeed(held);
    const gather = await crew.take();
    expect(gather.task).toMatchObject({ item: JOB_ITEM, step: 1, run: 2, attempt: 1, outputs: [] });
    expect(await store.items({ jobId: job.id, limit: 9, states: ["succeeded"] })).toHaveLength(3);
    await crew.succeed(gather, { result: "run 2" });
    await crew.work(() => success({ result: "run 2 end" }));
    const after = await store.job({ owner: OWNER, id: job.id });
    expect(after).toMatchObject({ state: "succeeded", result: "run 2 end", stepsDone: 5, done: 3 });
  });

  point("reopen.job-step", "a failed all step runs again by itself", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await scene.create({ files: 2, plan });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.step === 2 ? lost() : success({ result: task.step })));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "failed", stepsDone: 3 });
    crew.hand(accepted(await reopen(scene, job.id, [JOB_ITEM])));
    const held = await crew.take();
    expect(held.task).toMatchObject({ item: JOB_ITEM, step: 2, previous: 1, attempt: 1 });
    await crew.succeed(held, { result: "good" });
    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: "good", error: null, stepsDone: 4 });
  });

  point(
    "reopen.items-failed",
    "a job whose needed item failed goes on when that item succeeds",
    async (scene) => {
      const crew = await scene.crew();
      const plan = [each("work"), all("gather", { needs: "every" })];
      const { job, deliveries } = await scene.create({ files: 2, plan });
      crew.hand({ deliveries });
      await crew.work(({ task }) => (task.item === 0 ? lost() : undefined));
      crew.hand(accepted(await reopen(scene, job.id)));
      expect(await crew.work()).toBe(2);
      const ended = await scene.store.job({ owner: OWNER, id: job.id });
      expect(ended).toMatchObject({ state: "succeeded", error: null, done: 2, failed: 0 });
    },
  );

  point("reopen.open", "an item may be replayed while others still run", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 2, plan: [each("work"), all("gather")] });
    crew.hand({ deliveries });
    const running = await crew.take();
    await crew.fail(await crew.take(), { retryable: false });
    crew.hand(accepted(await reopen(scene, job.id)));
    expect(await crew.succeed(running)).toBe("settled");
    expect(await crew.work()).toBe(2);
    const ended = await scene.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", done: 2, failed: 0, remaining: 0 });
  });

  point("reopen.refused", "what did not fail, was cancelled or has expired is refused", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const good = await scene.create({ files: 1 });
    crew.hand(good);
    await crew.work();
    expect(refused(await reopen(scene, good.job.id))).toBe("job_not_retryable");

    const bad = await scene.create({ files: 2 });
    crew.hand(bad);
    await crew.work(lost);
    expect(refused(await reopen(scene, bad.job.id, [7]))).toBe("job_not_retryable");
    const foreign = await store.reopenJob({ owner: "other", id: bad.job.id, now: scene.now() });
    expect(refused(foreign)).toBe("not_found");

    const cancelled = await scene.create({ files: 2 });
    crew.hand(cancelled);
    await crew.fail(await crew.take(), { retryable: false });
    accepted(await store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: scene.now() }));
    expect(refused(await reopen(scene, cancelled.job.id))).toBe("job_not_retryable");

    scene.pass(3_600_001);
    await store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
    expect(refused(await reopen(scene, bad.job.id))).toBe("job_not_retryable");
    expect((await typesOf(store, bad.job.id)).includes("job.reopened")).toBe(false);
  });

  point("reopen.operator", "an operator may replay for any owner", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ owner: "somebody" });
    crew.hand({ deliveries });
    await crew.work(lost);
    crew.hand(
      accepted(await scene.store.reopenJob({ owner: null, id: job.id, now: scene.now(), items: [0] })),
    );
    expect(await crew.work()).toBe(1);
    expect(await scene.store.deadLetters({ limit: 10 })).toEqual([]);
  });

  point("reopen.race", "a retry asked for many times at once begins one run", async (scene) => {
    const other = await scene.open();
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 3 });
    crew.hand({ deliveries });
    await crew.work(lost);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? other : scene.store).reopenJob({ owner: OWNER, id: job.id, now: scene.now() }),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ run: 2, remaining: 3 });
  });
}

const lost = () => failure({ retryable: false });

function reopen(
  { store, now }: StoreScene,
  id: string,
  items?: number[],
): Promise<Result<Changed & { items: number }>> {
  return store.reopenJob({ owner: OWNER, id, now: now(), items });
}
