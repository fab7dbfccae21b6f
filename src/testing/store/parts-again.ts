import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, join, OWNER, type StoreFixture, split } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure, newParts, success } from "./manual-worker.ts";
import { itemOf, splitJob } from "./parts.ts";

const lost = () => failure({ retryable: false });

/** What may happen to an item that was split: retry, cancellation, the cache, removal. */
export function partAgainPoints(point: DefinePoint<StoreFixture>): void {
  const reopen = (fixture: StoreFixture, id: string, items?: number[]) =>
    fixture.store.reopenJob({ owner: OWNER, id, now: fixture.now(), items });
  const jobOf = (fixture: StoreFixture, id: string) => fixture.store.job({ owner: OWNER, id });

  point("parts.retry", "a retry runs the parts that failed, and the join after them", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [split(), each("page"), each("mark"), join(), each("second"), all("gather")];
    const { job } = await splitJob(fixture, worker, 5, steps);
    await worker.work(({ task: { step, part } }) =>
      step === 1 && part!.data === 1
        ? lost()
        : step === 2 && part!.data === 3
          ? lost()
          : success({ result: step }),
    );
    expect(await jobOf(fixture, job.id)).toMatchObject({ state: "succeeded", failedParts: 2, stepsDone: 6 });
    const reopened = accepted(await reopen(fixture, job.id));
    expect(reopened.items).toBe(1);
    expect(await jobOf(fixture, job.id)).toMatchObject({
      ...{ state: "running", run: 2, done: 0, remaining: 1, failedParts: 0, stepsDone: 0, result: null },
    });
    expect(await itemOf(fixture, job.id)).toMatchObject({
      ...{ state: "split", split: { total: 5, done: 3, failed: 0 }, trail: [{ step: "split" }] },
    });
    worker.hand(reopened);
    const ran: [number, unknown][] = [];
    await worker.work(({ task: { step, part, inputs, input } }) => {
      ran.push([step, part?.data ?? null]);
      if (step === 3) expect(inputs).toEqual([input]);
      return success({ result: "again" });
    });
    expect(ran.map(String).sort()).toEqual(["1,1", "2,1", "2,3", "3,", "4,", "5,"]);
    expect(ran.at(-3)).toEqual([3, null]);
    expect(await jobOf(fixture, job.id)).toMatchObject({
      ...{ state: "succeeded", done: 1, failedParts: 0, stepsDone: 6, result: "again" },
    });
    expect(await typesOf(fixture.store, job.id)).toContain("job.reopened");
    expect(await reopen(fixture, job.id)).toMatchObject({ ok: false, code: "job_not_retryable" });
  });

  point("parts.retry-all", "an item that failed for want of parts waits for them again", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [split(), each("page"), join({ needs: "every" })];
    for (const items of [undefined, [0]]) {
      const { job } = await splitJob(fixture, worker, 4, steps);
      await worker.work(({ task }) => (task.part!.data === 2 ? lost() : undefined));
      expect(await jobOf(fixture, job.id)).toMatchObject({ state: "failed", failed: 1, failedParts: 1 });
      worker.hand(accepted(await reopen(fixture, job.id, items)));
      expect(await jobOf(fixture, job.id)).toMatchObject({ state: "running", failed: 0, remaining: 1 });
      expect(await worker.work()).toBe(2);
      expect(await jobOf(fixture, job.id)).toMatchObject({
        state: "succeeded",
        done: 1,
        failed: 0,
        stepsDone: 3,
      });
    }
  });

  point("parts.replay", "one dead part can be replayed, whatever became of its item", async (fixture) => {
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 3);
    await worker.work(({ task: { part } }) => (part?.data === 0 || part?.data === 1 ? lost() : undefined));
    const letters = await fixture.store.deadLetters({ limit: 5, jobId: job.id });
    expect(letters.map(({ stepName, pipeline, name }) => [stepName, pipeline, name]).sort()).toEqual([
      ["page", "text", "part-0"],
      ["page", "text", "part-1"],
    ]);
    const second = await fixture.store.deadLetters({
      ...{ limit: 5, jobId: job.id, cursor: `${job.id}.${letters[0]!.item}` },
    });
    expect(second.map((letter) => letter.item)).toEqual([letters[1]!.item]);
    worker.hand(accepted(await reopen(fixture, job.id, [letters[0]!.item])));
    expect(await worker.work()).toBe(3);
    expect((await itemOf(fixture, job.id)).split).toMatchObject({ total: 3, done: 2, failed: 1 });
    expect(await jobOf(fixture, job.id)).toMatchObject({ state: "succeeded", failedParts: 1 });
  });

  point("parts.retry-running", "parts may be retried while others, or the join, run", async (fixture) => {
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 3);
    await worker.settle(await worker.take(), lost());
    worker.hand(accepted(await reopen(fixture, job.id)));
    expect((await itemOf(fixture, job.id)).split).toMatchObject({ total: 3, done: 0, failed: 0 });
    let failed = 0;
    const [one, other, third] = [await worker.take(), await worker.take(), await worker.take()];
    for (const held of [one, other, third]) await worker.settle(held, failed++ ? success() : lost());
    const joining = await worker.take();
    const reopened = accepted(await reopen(fixture, job.id));
    expect(reopened.revoked).toEqual([joining.lease]);
    expect(await worker.succeed(joining)).toBe("stale");
    worker.hand(reopened);
    expect(await worker.work()).toBe(3);
    expect(await jobOf(fixture, job.id)).toMatchObject({
      state: "succeeded",
      done: 1,
      failedParts: 0,
      stepsDone: 4,
    });
  });

  point(
    "parts.cancel",
    "cancelling ends open parts, revokes their leases and blocks the join",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job } = await splitJob(fixture, worker, 4);
      const [done, running, retrying] = [await worker.take(), await worker.take(), await worker.take()];
      await worker.succeed(done, { result: "kept" });
      await worker.fail(retrying);
      const cancelled = await fixture.store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() });
      expect(accepted(cancelled).revoked).toEqual([running.lease]);
      const parts = await fixture.store.parts({ jobId: job.id, item: 0, limit: 10 });
      expect(parts.map((part) => part.state).sort()).toEqual([
        "cancelled",
        "cancelled",
        "cancelled",
        "succeeded",
      ]);
      expect(await worker.succeed(running)).toBe("stale");
      fixture.pass(3_600_000);
      await worker.sweep();
      expect(await worker.work()).toBe(0);
      expect(await jobOf(fixture, job.id)).toMatchObject({ state: "cancelled", cancelled: 1 });
      expect((await typesOf(fixture.store, job.id)).slice(-2)).toEqual(["item.cancelled", "job.cancelled"]);
    },
  );

  point("parts.cache", "a part whose content is known is not computed again", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [split(), each("page", { cacheKey: "page 1" }), join({ cacheKey: "join 1" })];
    const made = await fixture.upload("made");
    const file = await fixture.upload("same");
    const create = () => fixture.create({ plan: steps, items: [{ name: "a.txt", input: file }] });
    worker.hand(await create());
    await worker.succeed(await worker.take(), { parts: newParts(2) });
    await worker.work(({ task }) => success({ result: task.step, outputs: task.step === 1 ? [made] : [] }));
    const second = await create();
    worker.hand(second);
    await worker.succeed(await worker.take(), { parts: newParts(3) });
    expect(await fixture.store.parts({ jobId: second.job.id, item: 0, limit: 5 })).toMatchObject([
      { state: "succeeded", cached: true, attempt: 0, result: 1, outputs: [{ blob: made.blob }] },
      { state: "succeeded", cached: true },
      { state: "published", cached: false },
    ]);
    expect(await worker.work()).toBe(2);
    const third = await create();
    worker.hand(third);
    await worker.succeed(await worker.take(), { parts: newParts(2) });
    expect(await jobOf(fixture, third.job.id)).toMatchObject({ state: "succeeded", done: 1, cached: 0 });
    expect((await itemOf(fixture, third.job.id)).result).toBe(2);
    expect(worker.deliveries).toEqual([]);
  });

  point("parts.kept", "a job with dead parts is kept as one with dead letters", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [split(), each("page"), join()];
    const { job, deliveries } = await fixture.create({ plan: steps, deadLetterRetentionMs: 9_000_000 });
    worker.hand({ deliveries });
    await worker.succeed(await worker.take(), { parts: newParts(2) });
    let failed = 0;
    await worker.work(({ task }) => (task.part && failed++ === 0 ? lost() : undefined));
    const { state, expiresAt, finishedAt } = (await jobOf(fixture, job.id))!;
    expect([state, expiresAt! - finishedAt!]).toEqual(["succeeded", 9_000_000]);
  });

  point("parts.removed", "a job that is forgotten takes its parts along", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 6);
    const [dead, running] = [await worker.take(), await worker.take()];
    await worker.settle(dead, lost());
    const figures = async () =>
      (await store.queues({ now: fixture.now() })).find((queue) => queue.name === "text/page")!;
    expect(await figures()).toMatchObject({ dead: 1, running: 1, ready: 4 });
    const removed = await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() });
    expect(accepted(removed).revoked).toEqual([running.lease]);
    expect(await store.parts({ jobId: job.id, item: 0, limit: 10 })).toEqual([]);
    expect(await store.deadLetters({ limit: 5, jobId: job.id })).toEqual([]);
    expect(await figures()).toMatchObject({ dead: 0, running: 0, ready: 0 });
    expect(await worker.succeed(running)).toBe("stale");
  });

  point(
    "parts.many",
    "ten thousand parts are made in one go, and joined once",
    async (fixture) => {
      const worker = await fixture.worker({ concurrency: 3_000 });
      const { job } = await splitJob(fixture, worker, 10_000);
      expect(await itemOf(fixture, job.id)).toMatchObject({ state: "split", split: { total: 10_000 } });
      const wanted = worker.deliveries.splice(0);
      expect(wanted).toHaveLength(10_000);
      await Promise.all(
        wanted.map(async (delivery) => {
          const claim = await worker.claim(delivery);
          if (!claim.claimed) throw new Error("not claimed");
          await worker.settle({ taskId: delivery.taskId, lease: claim.task.lease! }, success());
        }),
      );
      expect(worker.deliveries.map((one) => one.taskId)).toEqual([`${job.id}.0`]);
      await worker.work();
      expect(await jobOf(fixture, job.id)).toMatchObject({ state: "succeeded" });
    },
    120_000,
  );
}
