import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { sleep } from "../wait.ts";
import { OWNER, type StoreFixture, workerRecord } from "./fixture.ts";

export function deathPoints(point: DefinePoint<StoreFixture>): void {
  point("death.lease", "a lease that ended while its worker lives charges nothing", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    for (let round = 0; round < 5; round++) {
      const held = await worker.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: false, deaths: 0 });
      fixture.pass(10_001);
      expect(await worker.sweep()).toBe(1);
    }
  });

  point(
    "death.gone",
    "what a dead worker held runs again at once, as suspects and uncharged",
    async (fixture) => {
      const worker = await fixture.worker();
      const other = await fixture.worker();
      const { job, deliveries } = await fixture.create({ files: 3 });
      worker.hand({ deliveries });
      const lost = [await worker.take(), await worker.take()];
      other.hand({ deliveries: worker.deliveries });
      const kept = await other.take();
      const gone = await fixture.store.workerGone({ worker: worker.id, now: fixture.now() });
      expect(gone.deliveries.map((one) => one.taskId).sort()).toEqual(lost.map((one) => one.taskId).sort());
      for (const held of lost) expect(await worker.succeed(held)).toBe("stale");
      expect(await other.succeed(kept)).toBe("settled");
      other.hand(gone);
      for (const _ of lost) {
        const held = await other.take();
        expect(held.task).toMatchObject({ attempt: 1, suspect: true, deaths: 0 });
        await other.succeed(held);
      }
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
      expect((await fixture.store.workers()).map((worker) => worker.id)).toEqual([other.id]);
      const again = await fixture.store.workerGone({ worker: worker.id, now: fixture.now() });
      expect(again.deliveries).toEqual([]);
    },
  );

  point("death.uncounted", "the death of a worker is counted against none of its tasks", async (fixture) => {
    let handed = (await fixture.worker().then(() => fixture.create())).deliveries;
    for (let round = 0; round < 6; round++) {
      const worker = await fixture.worker();
      worker.hand({ deliveries: handed });
      const held = await worker.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: round > 0, deaths: 0 });
      handed = (await fixture.store.workerGone({ worker: worker.id, now: fixture.now() })).deliveries;
    }
  });

  point(
    "death.child",
    "an attempt whose own process died is uncharged, and three are a dead letter",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job, deliveries } = await fixture.create();
      worker.hand({ deliveries });
      for (let death = 0; death < 3; death++) {
        const held = await worker.take();
        expect(held.task).toMatchObject({ attempt: 1, suspect: false, deaths: death });
        expect(await worker.settle(held, { kind: "died" })).toBe("settled");
        // The answer was lost, and the worker repeats the call.
        expect(await worker.settle(held, { kind: "died" })).toBe("settled");
      }
      const [letter] = await fixture.store.deadLetters({ code: "worker_died", limit: 10 });
      expect(letter).toMatchObject({ jobId: job.id, deaths: 3, attempt: 0 });
    },
  );

  point("death.counted", "a suspect stays one, and its own deaths alone are counted", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create();
    worker.hand({ deliveries });
    for (let death = 0; death < 3; death++) {
      const lost = await fixture.worker();
      lost.hand({ deliveries: worker.deliveries.splice(0) });
      await lost.take();
      worker.hand(await fixture.store.workerGone({ worker: lost.id, now: fixture.now() }));
      const held = await worker.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: true, deaths: death });
      expect(await worker.settle(held, { kind: "died" })).toBe("settled");
    }
    expect(worker.deliveries).toEqual([]);
    const [letter] = await fixture.store.deadLetters({ code: "worker_died", limit: 10 });
    expect(letter).toMatchObject({ jobId: job.id, deaths: 3, attempt: 0 });
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "failed" });
  });

  point("death.silent", "a worker not heard of loses its leases, which is no death", async (fixture) => {
    const silent = await fixture.worker();
    const speaking = await fixture.worker();
    silent.hand(await fixture.create({ files: 2 }));
    const lost = await silent.take();
    speaking.hand({ deliveries: silent.deliveries });
    const kept = await speaking.take();
    expect(await speaking.sweep({ silenceMs: 5_000 })).toBe(0);
    await sleep(1_200);
    await fixture.store.heartbeat(workerRecord(speaking.id, { "text/work": 1_000 }, fixture.now()));
    expect(await speaking.sweep({ silenceMs: 1_000 })).toBe(1);
    const again = await speaking.take();
    expect(again).toMatchObject({ taskId: lost.taskId, task: { suspect: false, deaths: 0, attempt: 1 } });
    expect(await silent.succeed(lost)).toBe("stale");
    expect(await speaking.succeed(kept)).toBe("settled");
    expect((await fixture.store.workers()).map((worker) => worker.id)).toEqual([speaking.id]);
  });

  point("death.heard", "a silent worker that speaks again is a worker again", async (fixture) => {
    const worker = await fixture.worker();
    const other = await fixture.worker();
    await sleep(1_200);
    await fixture.store.heartbeat(workerRecord(other.id, {}, fixture.now()));
    await other.sweep({ silenceMs: 1_000 });
    await fixture.store.heartbeat(workerRecord(worker.id, { "text/work": 1_000 }, fixture.now()));
    expect(await fixture.store.workers()).toHaveLength(2);
    worker.hand(await fixture.create());
    const held = await worker.take();
    fixture.pass(10_001);
    expect(await worker.sweep()).toBe(1);
    expect(await worker.succeed(held)).toBe("stale");
    expect((await worker.take()).task).toMatchObject({ suspect: false, deaths: 0, attempt: 1 });
  });

  point(
    "death.seen",
    "the end of a worker's connection is seen: its tasks run again within 2 s",
    async (fixture) => {
      const theirs = await fixture.open();
      const dying = await fixture.worker({ store: theirs });
      const worker = await fixture.worker();
      dying.hand(await fixture.create());
      const lost = await dying.take();
      expect(await worker.sweep()).toBe(0);
      await theirs.close();
      const deadline = performance.now() + 2_000;
      while ((await worker.sweep()) === 0 && performance.now() < deadline) await sleep(100);
      const again = await worker.take();
      expect(again).toMatchObject({ taskId: lost.taskId, task: { suspect: true, attempt: 1 } });
      expect(await worker.succeed(lost)).toBe("stale");
      expect(await worker.succeed(again)).toBe("settled");
    },
  );

  point("death.stopped", "a worker that stopped in order is no death", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const held = await worker.take();
    await worker.settle(held, { kind: "returned", delayMs: 0 });
    await fixture.store.heartbeat({ ...workerRecord(worker.id, {}, fixture.now()), stopped: true });
    expect(await fixture.store.workers()).toEqual([]);
    const [item] = await fixture.store.items({ jobId: held.job.id, limit: 1 });
    expect(item).toMatchObject({ suspect: false, deaths: 0, attempt: 0 });
  });

  point("death.forgiven", "the next step and a replay begin without earlier deaths", async (fixture) => {
    let worker = await fixture.worker();
    const { deliveries } = await fixture.create();
    worker.hand({ deliveries });
    await worker.take();
    const next = await fixture.worker();
    next.hand(await fixture.store.workerGone({ worker: worker.id, now: fixture.now() }));
    worker = next;
    const held = await worker.take();
    await worker.fail(held, { retryable: false });
    const reopened = await fixture.store.reopenJob({ owner: OWNER, id: held.job.id, now: fixture.now() });
    expect(reopened.ok).toBe(true);
    if (reopened.ok) worker.hand(reopened);
    expect((await worker.take()).task).toMatchObject({ suspect: false, deaths: 0, attempt: 1 });
  });
}
