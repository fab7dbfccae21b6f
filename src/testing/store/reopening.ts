import { expect } from "vitest";
import { JOB_ITEM } from "../../domain/records.ts";
import type { Changed, Result } from "../../ports/store/jobs.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure, success } from "./manual-worker.ts";

export function reopenPoints(point: DefinePoint<StoreFixture>): void {
  point("reopen.failed", "a retry runs the failed items again, as the next run", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 5, plan: [each("work"), each("second")] });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item === task.step ? lost() : undefined));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "partial",
      done: 3,
      failed: 2,
    });
    fixture.pass(1_000);
    const reopened = accepted(await reopen(fixture, job.id));
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
    worker.hand(reopened);
    const held = [await worker.take(), await worker.take()];
    expect(held.map(({ task }) => [task.item, task.step, task.attempt, task.run, task.error])).toEqual([
      [0, 0, 1, 2, null],
      [1, 1, 1, 2, null],
    ]);
    for (const one of held) await worker.succeed(one);
    await worker.work();
    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", done: 5, stepsDone: 10, remaining: 0 });
    const types = await typesOf(store, job.id);
    expect(types.filter((type) => /job\.(partial|reopened|succeeded)/.test(type))).toEqual([
      "job.partial",
      "job.reopened",
      "job.succeeded",
    ]);
  });

  point("reopen.named", "only the items named run again", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 3 });
    worker.hand({ deliveries });
    await worker.work(lost);
    expect(accepted(await reopen(fixture, job.id, [1])).deliveries.map((one) => one.taskId)).toEqual([
      `${job.id}.1`,
    ]);
    const read = await fixture.store.job({ owner: OWNER, id: job.id });
    expect(read).toMatchObject({ failed: 2, remaining: 1 });
  });

  point("reopen.supersedes", "what all steps made of the earlier results is made anew", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ files: 3, plan });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item === 1 ? lost() : success({ result: `run 1 ${task.step}` })));
    const before = await store.job({ owner: OWNER, id: job.id });
    expect(before).toMatchObject({ state: "partial", result: "run 1 2", stepsDone: 5 });
    worker.hand(accepted(await reopen(fixture, job.id)));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ result: null, stepsDone: 2 });
    const held = await worker.take();
    expect(worker.deliveries).toEqual([]);
    await worker.succeed(held);
    const gather = await worker.take();
    expect(gather.task).toMatchObject({ item: JOB_ITEM, step: 1, run: 2, attempt: 1, outputs: [] });
    expect(await store.items({ jobId: job.id, limit: 9, states: ["succeeded"] })).toHaveLength(3);
    await worker.succeed(gather, { result: "run 2" });
    await worker.work(() => success({ result: "run 2 end" }));
    const after = await store.job({ owner: OWNER, id: job.id });
    expect(after).toMatchObject({ state: "succeeded", result: "run 2 end", stepsDone: 5, done: 3 });
  });

  point("reopen.job-step", "a failed all step runs again by itself", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ files: 2, plan });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.step === 2 ? lost() : success({ result: task.step })));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "failed", stepsDone: 3 });
    worker.hand(accepted(await reopen(fixture, job.id, [JOB_ITEM])));
    const held = await worker.take();
    expect(held.task).toMatchObject({ item: JOB_ITEM, step: 2, previous: 1, attempt: 1 });
    await worker.succeed(held, { result: "good" });
    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: "good", error: null, stepsDone: 4 });
  });

  point(
    "reopen.items-failed",
    "a job whose needed item failed goes on when that item succeeds",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work"), all("gather", { needs: "every" })];
      const { job, deliveries } = await fixture.create({ files: 2, plan });
      worker.hand({ deliveries });
      await worker.work(({ task }) => (task.item === 0 ? lost() : undefined));
      worker.hand(accepted(await reopen(fixture, job.id)));
      expect(await worker.work()).toBe(2);
      const ended = await fixture.store.job({ owner: OWNER, id: job.id });
      expect(ended).toMatchObject({ state: "succeeded", error: null, done: 2, failed: 0 });
    },
  );

  point("reopen.open", "an item may be replayed while others still run", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    const running = await worker.take();
    await worker.fail(await worker.take(), { retryable: false });
    worker.hand(accepted(await reopen(fixture, job.id)));
    expect(await worker.succeed(running)).toBe("settled");
    expect(await worker.work()).toBe(2);
    const ended = await fixture.store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", done: 2, failed: 0, remaining: 0 });
  });

  point("reopen.refused", "what did not fail, was cancelled or has expired is refused", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const good = await fixture.create({ files: 1 });
    worker.hand(good);
    await worker.work();
    expect(refused(await reopen(fixture, good.job.id))).toBe("job_not_retryable");

    const bad = await fixture.create({ files: 2 });
    worker.hand(bad);
    await worker.work(lost);
    expect(refused(await reopen(fixture, bad.job.id, [7]))).toBe("job_not_retryable");
    const foreign = await store.reopenJob({ owner: "other", id: bad.job.id, now: fixture.now() });
    expect(refused(foreign)).toBe("not_found");

    const cancelled = await fixture.create({ files: 2 });
    worker.hand(cancelled);
    await worker.fail(await worker.take(), { retryable: false });
    accepted(await store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: fixture.now() }));
    expect(refused(await reopen(fixture, cancelled.job.id))).toBe("job_not_retryable");

    fixture.pass(3_600_001);
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    expect(refused(await reopen(fixture, bad.job.id))).toBe("job_not_retryable");
    expect((await typesOf(store, bad.job.id)).includes("job.reopened")).toBe(false);
  });

  point("reopen.operator", "an operator may replay for any owner", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ owner: "somebody" });
    worker.hand({ deliveries });
    await worker.work(lost);
    worker.hand(
      accepted(await fixture.store.reopenJob({ owner: null, id: job.id, now: fixture.now(), items: [0] })),
    );
    expect(await worker.work()).toBe(1);
    expect(await fixture.store.deadLetters({ limit: 10 })).toEqual([]);
  });

  point("reopen.race", "a retry asked for many times at once begins one run", async (fixture) => {
    const other = await fixture.open();
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 3 });
    worker.hand({ deliveries });
    await worker.work(lost);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 ? other : fixture.store).reopenJob({ owner: OWNER, id: job.id, now: fixture.now() }),
      ),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ run: 2, remaining: 3 });
  });
}

const lost = () => failure({ retryable: false });

function reopen(
  { store, now }: StoreFixture,
  id: string,
  items?: number[],
): Promise<Result<Changed & { items: number }>> {
  return store.reopenJob({ owner: OWNER, id, now: now(), items });
}
