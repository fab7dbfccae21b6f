import { expect } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { failure, success } from "./crew.ts";
import { logOf, typesOf } from "./log.ts";
import { all, each, OWNER, type StoreScene } from "./scene.ts";

export function settlePoints(point: DefinePoint<StoreScene>): void {
  point("settle.fenced", "a stale token settles nothing", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    const first = await crew.take();
    expect(await crew.settle({ ...first, lease: newId() }, success())).toBe("stale");
    scene.pass(11_000);
    await crew.sweep();
    const second = await crew.take();
    for (const outcome of [
      success({ result: "late" }),
      failure(),
      { kind: "returned", delayMs: 5 },
    ] as Outcome[])
      expect(await crew.settle(first, outcome)).toBe("stale");
    expect(await crew.succeed(second, { result: "good" })).toBe("settled");
    expect(await crew.settle(first, success({ result: "late" }))).toBe("stale");
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", result: "good", attempt: 1 });
  });

  point("settle.unclaimed", "what was lost and not claimed again cannot be settled either", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const held = await crew.take();
    scene.pass(11_000);
    await crew.sweep();
    expect(await crew.succeed(held)).toBe("stale");
    expect((await crew.take()).task.attempt).toBe(1);
  });

  point("settle.once", "of many settlements with one token one counts", async (scene) => {
    const stores = [scene.store, await scene.open()];
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 2, plan: [each("work"), all("gather")] });
    crew.hand({ deliveries });
    const held = [await crew.take(), await crew.take()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const { taskId, lease } = held[n % 2]!;
        const outcome = success({ result: n % 2 });
        return stores[n % 3 === 0 ? 0 : 1]!.settle({ taskId, lease, now: scene.now(), outcome });
      }),
    );
    for (const answer of answers) expect(answer.outcome).toBe("settled");
    expect(answers.flatMap((answer) => answer.deliveries)).toHaveLength(1);
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ done: 2, remaining: 0 });
    const types = await typesOf(scene.store, job.id);
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
    point(key, `a ${name} that is told again is answered alike and counts once`, async (scene) => {
      const crew = await scene.crew();
      const { job, deliveries } = await scene.create({ plan: [each("work"), each("second"), all("gather")] });
      crew.hand({ deliveries });
      const held = await crew.take();
      expect(await crew.settle(held, outcome)).toBe("settled");
      const before = [await logOf(scene.store), await scene.store.items({ jobId: job.id, limit: 9 })];
      expect(await crew.settle(held, outcome)).toBe("settled");
      const after = [await logOf(scene.store), await scene.store.items({ jobId: job.id, limit: 9 })];
      expect(after).toEqual(before);
    });
  }

  point(
    "settle.retry",
    "a failure is retried with growing waits until the attempts are spent",
    async (scene) => {
      const crew = await scene.crew();
      const plan = [each("work", { attempts: 4, backoff: { baseMs: 1_000, maxMs: 3_000 } })];
      const { job, deliveries } = await scene.create({ plan });
      crew.hand({ deliveries });
      const waits: number[] = [];
      for (let attempt = 1; attempt < 4; attempt++) {
        const held = await crew.take();
        expect(held.task.attempt).toBe(attempt);
        await crew.fail(held);
        const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
        expect(item).toMatchObject({ state: "scheduled", attempt, error: { code: "step_failed" } });
        const wait = item!.wakeAt! - scene.now();
        waits.push(wait);
        scene.pass(wait - 1);
        expect(await crew.sweep()).toBe(0);
        scene.pass(1);
        expect(await crew.sweep()).toBe(1);
      }
      expect(waits).toEqual([750, 1_500, 2_250]);
      await crew.fail(await crew.take());
      const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
      expect(item).toMatchObject({ state: "dead", attempt: 4, error: { code: "step_failed" } });
      expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "failed",
        failed: 1,
      });
      const types = await typesOf(scene.store, job.id);
      expect(types.filter((type) => type === "item.retrying")).toHaveLength(3);
      expect(types.slice(-2)).toEqual(["item.failed", "job.failed"]);
    },
  );

  point("settle.retry-after", "a provider's wait is kept when it is longer", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    await crew.fail(await crew.take(), { retryAfterMs: 45_000 });
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect(item!.wakeAt).toBe(scene.now() + 45_000);
  });

  point("settle.permanent", "a permanent failure is a dead letter at once", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 2 });
    crew.hand({ deliveries });
    await crew.fail(await crew.take(), { retryable: false });
    await crew.succeed(await crew.take());
    const dead = await scene.store.deadLetters({ limit: 10 });
    expect(dead.map((letter) => [letter.jobId, letter.attempt, letter.stepName])).toEqual([
      [job.id, 1, "work"],
    ]);
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "partial" });
  });

  point("settle.returned", "what is handed back or snoozed is not charged", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    for (let round = 0; round < 5; round++) {
      const held = await crew.take();
      expect(held.task.attempt).toBe(1);
      await crew.settle(held, { kind: "returned", delayMs: 0 });
    }
    await crew.settle(await crew.take(), { kind: "returned", delayMs: 30_000 });
    expect(crew.deliveries).toEqual([]);
    scene.pass(29_999);
    expect(await crew.sweep()).toBe(0);
    scene.pass(1);
    expect(await crew.sweep()).toBe(1);
    const held = await crew.take();
    expect(held.task).toMatchObject({ attempt: 1, deaths: 0, suspect: false });
    await crew.succeed(held);
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
  });

  point("settle.files", "outputs are kept with the item, in order", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    const held = await crew.take();
    const outputs = [await scene.upload("one"), await scene.upload("two")];
    await crew.succeed(held, { outputs, result: { pages: 2 } });
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ outputs, result: { pages: 2 }, cached: false });
    expect(item!.trail).toEqual([{ step: "work", attempt: 1, cached: false, ms: 1 }]);
  });

  point("settle.collected", "a result whose file was collected meanwhile is tried again", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    const held = await crew.take();
    const outputs = [{ ...(await scene.upload()), blob: "no-such-blob" }];
    expect(await crew.succeed(held, { outputs })).toBe("settled");
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ state: "scheduled", outputs: [], error: { code: "unavailable" } });
  });

  point("renew.keeps", "a renewed lease is not handed out, a lost one is told", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 2 }));
    const kept = await crew.take();
    const left = await crew.take();
    const leases = [kept, left].map(({ taskId, lease }) => ({ taskId, lease }));
    for (let round = 0; round < 5; round++) {
      scene.pass(9_000);
      const { lost } = await scene.store.renew({ leases: leases.slice(0, 1), until: scene.now() + 10_000 });
      expect(lost).toEqual([]);
      await crew.sweep();
    }
    const ghost = { taskId: `${newId()}.0`, lease: newId() };
    const other = { ...leases[0]!, lease: newId() };
    const { lost } = await scene.store.renew({
      leases: [...leases, other, ghost],
      until: scene.now() + 10_000,
    });
    expect(lost).toEqual([left.lease, other.lease, ghost.lease]);
    expect(await crew.succeed(kept)).toBe("settled");
    expect(await scene.store.renew({ leases: leases.slice(0, 1), until: scene.now() + 1 })).toEqual({
      lost: [kept.lease],
    });
  });

  point("renew.again", "of two leases of one task, only the earlier is lost", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const first = await crew.take();
    scene.pass(11_000);
    await crew.sweep();
    const second = await crew.take();
    expect(second.taskId).toBe(first.taskId);
    const leases = [first, second].map(({ taskId, lease }) => ({ taskId, lease }));
    expect(await scene.store.renew({ leases, until: scene.now() + 10_000 })).toEqual({ lost: [first.lease] });
    expect(await crew.succeed(first)).toBe("stale");
    expect(await crew.succeed(second)).toBe("settled");
  });
}
