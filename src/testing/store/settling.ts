import { expect } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { logOf, typesOf } from "./log.ts";
import { failure, success } from "./manual-worker.ts";

export function settlePoints(point: DefinePoint<StoreFixture>): void {
  point("settle.fenced", "a stale token settles nothing", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    const first = await worker.take();
    expect(await worker.settle({ ...first, lease: newId() }, success())).toBe("stale");
    fixture.pass(11_000);
    await worker.sweep();
    const second = await worker.take();
    for (const outcome of [
      success({ result: "late" }),
      failure(),
      { kind: "returned", delayMs: 5 },
    ] as Outcome[])
      expect(await worker.settle(first, outcome)).toBe("stale");
    expect(await worker.succeed(second, { result: "good" })).toBe("settled");
    expect(await worker.settle(first, success({ result: "late" }))).toBe("stale");
    const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", result: "good", attempt: 1 });
  });

  point(
    "settle.unclaimed",
    "what was lost and not claimed again cannot be settled either",
    async (fixture) => {
      const worker = await fixture.worker();
      worker.hand(await fixture.create());
      const held = await worker.take();
      fixture.pass(11_000);
      await worker.sweep();
      expect(await worker.succeed(held)).toBe("stale");
      expect((await worker.take()).task.attempt).toBe(1);
    },
  );

  point("settle.once", "of many settlements with one token one counts", async (fixture) => {
    const stores = [fixture.store, await fixture.open()];
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    const held = [await worker.take(), await worker.take()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const { taskId, lease } = held[n % 2]!;
        const outcome = success({ result: n % 2 });
        return stores[n % 3 === 0 ? 0 : 1]!.settle({ taskId, lease, now: fixture.now(), outcome });
      }),
    );
    for (const answer of answers) expect(answer.outcome).toBe("settled");
    expect(answers.flatMap((answer) => answer.deliveries)).toHaveLength(1);
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ done: 2, remaining: 0 });
    const types = await typesOf(fixture.store, job.id);
    expect(types.filter((type) => type === "item.succeeded")).toHaveLength(2);
  });

  const outcomes: [name: string, outcome: Outcome][] = [
    ["success", success({ result: 1 })],
    ["failure", failure()],
    ["permanent failure", failure({ retryable: false })],
    ["return", { kind: "returned", delayMs: 0 }],
    ["snooze", { kind: "returned", delayMs: 1_000 }],
  ];
  for (const [name, outcome] of outcomes) {
    const key = `settle.repeat-${name.replace(" ", "-")}`;
    point(key, `a ${name} that is told again is answered alike and counts once`, async (fixture) => {
      const worker = await fixture.worker();
      const { job, deliveries } = await fixture.create({
        plan: [each("work"), each("second"), all("gather")],
      });
      worker.hand({ deliveries });
      const held = await worker.take();
      expect(await worker.settle(held, outcome)).toBe("settled");
      const before = [await logOf(fixture.store), await fixture.store.items({ jobId: job.id, limit: 9 })];
      expect(await worker.settle(held, outcome)).toBe("settled");
      const after = [await logOf(fixture.store), await fixture.store.items({ jobId: job.id, limit: 9 })];
      expect(after).toEqual(before);
    });
  }

  point(
    "settle.retry",
    "a failure is retried with growing waits until the attempts are spent",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work", { attempts: 4, backoff: { baseMs: 1_000, maxMs: 3_000 } })];
      const { job, deliveries } = await fixture.create({ plan });
      worker.hand({ deliveries });
      const waits: number[] = [];
      for (let attempt = 1; attempt < 4; attempt++) {
        const held = await worker.take();
        expect(held.task.attempt).toBe(attempt);
        await worker.fail(held);
        const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
        expect(item).toMatchObject({ state: "scheduled", attempt, error: { code: "step_failed" } });
        const wait = item!.wakeAt! - fixture.now();
        waits.push(wait);
        fixture.pass(wait - 1);
        expect(await worker.sweep()).toBe(0);
        fixture.pass(1);
        expect(await worker.sweep()).toBe(1);
      }
      expect(waits).toEqual([750, 1_500, 2_250]);
      await worker.fail(await worker.take());
      const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
      expect(item).toMatchObject({ state: "dead", attempt: 4, error: { code: "step_failed" } });
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "failed",
        failed: 1,
      });
      const types = await typesOf(fixture.store, job.id);
      expect(types.filter((type) => type === "item.retrying")).toHaveLength(3);
      expect(types.slice(-2)).toEqual(["item.failed", "job.failed"]);
    },
  );

  point("settle.retry-after", "a provider's wait is kept when it is longer", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    await worker.fail(await worker.take(), { retryAfterMs: 45_000 });
    const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
    expect(item!.wakeAt).toBe(fixture.now() + 45_000);
  });

  point("settle.permanent", "a permanent failure is a dead letter at once", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2 });
    worker.hand({ deliveries });
    await worker.fail(await worker.take(), { retryable: false });
    await worker.succeed(await worker.take());
    const dead = await fixture.store.deadLetters({ limit: 10 });
    expect(dead.map((letter) => [letter.jobId, letter.attempt, letter.stepName])).toEqual([
      [job.id, 1, "work"],
    ]);
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "partial" });
  });

  point("settle.returned", "what is handed back or snoozed is not charged", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    for (let round = 0; round < 5; round++) {
      const held = await worker.take();
      expect(held.task.attempt).toBe(1);
      await worker.settle(held, { kind: "returned", delayMs: 0 });
    }
    await worker.settle(await worker.take(), { kind: "returned", delayMs: 30_000 });
    expect(worker.deliveries).toEqual([]);
    fixture.pass(29_999);
    expect(await worker.sweep()).toBe(0);
    fixture.pass(1);
    expect(await worker.sweep()).toBe(1);
    const held = await worker.take();
    expect(held.task).toMatchObject({ attempt: 1, deaths: 0, suspect: false });
    await worker.succeed(held);
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
  });

  point("settle.files", "outputs are kept with the item, in order", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    const held = await worker.take();
    const outputs = [await fixture.upload("one"), await fixture.upload("two")];
    await worker.succeed(held, { outputs, result: { pages: 2 } });
    const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ outputs, result: { pages: 2 }, cached: false });
    expect(item!.trail).toEqual([{ step: "work", attempt: 1, cached: false, ms: 1, worker: worker.id }]);
  });

  point("settle.collected", "a result whose file was collected meanwhile is tried again", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    const held = await worker.take();
    const outputs = [{ ...(await fixture.upload()), blob: "no-such-blob" }];
    expect(await worker.succeed(held, { outputs })).toBe("settled");
    const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ state: "scheduled", outputs: [], error: { code: "unavailable" } });
  });

  point("renew.keeps", "a renewed lease is not handed out, a lost one is told", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 2 }));
    const kept = await worker.take();
    const left = await worker.take();
    const leases = [kept, left].map(({ taskId, lease }) => ({ taskId, lease }));
    for (let round = 0; round < 5; round++) {
      fixture.pass(9_000);
      const { lost } = await fixture.store.renew({
        leases: leases.slice(0, 1),
        until: fixture.now() + 10_000,
      });
      expect(lost).toEqual([]);
      await worker.sweep();
    }
    const ghost = { taskId: `${newId()}.0`, lease: newId() };
    const other = { ...leases[0]!, lease: newId() };
    const { lost } = await fixture.store.renew({
      leases: [...leases, other, ghost],
      until: fixture.now() + 10_000,
    });
    expect(lost).toEqual([left.lease, other.lease, ghost.lease]);
    expect(await worker.succeed(kept)).toBe("settled");
    expect(await fixture.store.renew({ leases: leases.slice(0, 1), until: fixture.now() + 1 })).toEqual({
      lost: [kept.lease],
    });
  });

  point("renew.again", "of two leases of one task, only the earlier is lost", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const first = await worker.take();
    fixture.pass(11_000);
    await worker.sweep();
    const second = await worker.take();
    expect(second.taskId).toBe(first.taskId);
    const leases = [first, second].map(({ taskId, lease }) => ({ taskId, lease }));
    expect(await fixture.store.renew({ leases, until: fixture.now() + 10_000 })).toEqual({
      lost: [first.lease],
    });
    expect(await worker.succeed(first)).toBe("stale");
    expect(await worker.succeed(second)).toBe("settled");
  });
}
