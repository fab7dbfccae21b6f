import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { sleep } from "../wait.ts";
import { OWNER, type StoreScene, workerRecord } from "./scene.ts";

export function deathPoints(point: DefinePoint<StoreScene>): void {
  point("death.lease", "a lease that ended while its worker lives charges nothing", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    for (let round = 0; round < 5; round++) {
      const held = await crew.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: false, deaths: 0 });
      scene.pass(10_001);
      expect(await crew.sweep()).toBe(1);
    }
  });

  point(
    "death.gone",
    "what a dead worker held runs again at once, as suspects and uncharged",
    async (scene) => {
      const crew = await scene.crew();
      const other = await scene.crew();
      const { job, deliveries } = await scene.create({ files: 3 });
      crew.hand({ deliveries });
      const lost = [await crew.take(), await crew.take()];
      other.hand({ deliveries: crew.deliveries });
      const kept = await other.take();
      const gone = await scene.store.workerGone({ worker: crew.worker, now: scene.now() });
      expect(gone.deliveries.map((one) => one.taskId).sort()).toEqual(lost.map((one) => one.taskId).sort());
      for (const held of lost) expect(await crew.succeed(held)).toBe("stale");
      expect(await other.succeed(kept)).toBe("settled");
      other.hand(gone);
      for (const _ of lost) {
        const held = await other.take();
        expect(held.task).toMatchObject({ attempt: 1, suspect: true, deaths: 0 });
        await other.succeed(held);
      }
      expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
      expect((await scene.store.workers()).map((worker) => worker.id)).toEqual([other.worker]);
      const again = await scene.store.workerGone({ worker: crew.worker, now: scene.now() });
      expect(again.deliveries).toEqual([]);
    },
  );

  point("death.uncounted", "the death of a worker is counted against none of its tasks", async (scene) => {
    let handed = (await scene.crew().then(() => scene.create())).deliveries;
    for (let round = 0; round < 6; round++) {
      const crew = await scene.crew();
      crew.hand({ deliveries: handed });
      const held = await crew.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: round > 0, deaths: 0 });
      handed = (await scene.store.workerGone({ worker: crew.worker, now: scene.now() })).deliveries;
    }
  });

  point(
    "death.child",
    "an attempt whose own process died is uncharged, and three are a dead letter",
    async (scene) => {
      const crew = await scene.crew();
      const { job, deliveries } = await scene.create();
      crew.hand({ deliveries });
      for (let death = 0; death < 3; death++) {
        const held = await crew.take();
        expect(held.task).toMatchObject({ attempt: 1, suspect: false, deaths: death });
        expect(await crew.settle(held, { kind: "died" })).toBe("settled");
        // The answer was lost, and the worker asks again.
        expect(await crew.settle(held, { kind: "died" })).toBe("settled");
      }
      const [letter] = await scene.store.deadLetters({ code: "worker_died", limit: 10 });
      expect(letter).toMatchObject({ jobId: job.id, deaths: 3, attempt: 0 });
    },
  );

  point("death.counted", "a suspect stays one, and its own deaths alone are counted", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create();
    crew.hand({ deliveries });
    for (let death = 0; death < 3; death++) {
      const lost = await scene.crew();
      lost.hand({ deliveries: crew.deliveries.splice(0) });
      await lost.take();
      crew.hand(await scene.store.workerGone({ worker: lost.worker, now: scene.now() }));
      const held = await crew.take();
      expect(held.task).toMatchObject({ attempt: 1, suspect: true, deaths: death });
      expect(await crew.settle(held, { kind: "died" })).toBe("settled");
    }
    expect(crew.deliveries).toEqual([]);
    const [letter] = await scene.store.deadLetters({ code: "worker_died", limit: 10 });
    expect(letter).toMatchObject({ jobId: job.id, deaths: 3, attempt: 0 });
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "failed" });
  });

  point("death.silent", "a worker not heard of loses its leases, which is no death", async (scene) => {
    const silent = await scene.crew();
    const speaking = await scene.crew();
    silent.hand(await scene.create({ files: 2 }));
    const lost = await silent.take();
    speaking.hand({ deliveries: silent.deliveries });
    const kept = await speaking.take();
    expect(await speaking.sweep({ silenceMs: 5_000 })).toBe(0);
    await sleep(1_200);
    await scene.store.heartbeat(workerRecord(speaking.worker, { "text/work": 1_000 }, scene.now()));
    expect(await speaking.sweep({ silenceMs: 1_000 })).toBe(1);
    const again = await speaking.take();
    expect(again).toMatchObject({ taskId: lost.taskId, task: { suspect: false, deaths: 0, attempt: 1 } });
    expect(await silent.succeed(lost)).toBe("stale");
    expect(await speaking.succeed(kept)).toBe("settled");
    expect((await scene.store.workers()).map((worker) => worker.id)).toEqual([speaking.worker]);
  });

  point("death.heard", "a silent worker that speaks again is a worker again", async (scene) => {
    const crew = await scene.crew();
    const other = await scene.crew();
    await sleep(1_200);
    await scene.store.heartbeat(workerRecord(other.worker, {}, scene.now()));
    await other.sweep({ silenceMs: 1_000 });
    await scene.store.heartbeat(workerRecord(crew.worker, { "text/work": 1_000 }, scene.now()));
    expect(await scene.store.workers()).toHaveLength(2);
    crew.hand(await scene.create());
    const held = await crew.take();
    scene.pass(10_001);
    expect(await crew.sweep()).toBe(1);
    expect(await crew.succeed(held)).toBe("stale");
    expect((await crew.take()).task).toMatchObject({ suspect: false, deaths: 0, attempt: 1 });
  });

  point(
    "death.seen",
    "the end of a worker's connection is seen: its tasks run again within 2 s",
    async (scene) => {
      const theirs = await scene.open();
      const dying = await scene.crew({ store: theirs });
      const crew = await scene.crew();
      dying.hand(await scene.create());
      const lost = await dying.take();
      expect(await crew.sweep()).toBe(0);
      await theirs.close();
      const deadline = performance.now() + 2_000;
      while ((await crew.sweep()) === 0 && performance.now() < deadline) await sleep(100);
      const again = await crew.take();
      expect(again).toMatchObject({ taskId: lost.taskId, task: { suspect: true, attempt: 1 } });
      expect(await crew.succeed(lost)).toBe("stale");
      expect(await crew.succeed(again)).toBe("settled");
    },
  );

  point("death.stopped", "a worker that stopped in order is no death", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const held = await crew.take();
    await crew.settle(held, { kind: "returned", delayMs: 0 });
    await scene.store.heartbeat({ ...workerRecord(crew.worker, {}, scene.now()), stopped: true });
    expect(await scene.store.workers()).toEqual([]);
    const [item] = await scene.store.items({ jobId: held.job.id, limit: 1 });
    expect(item).toMatchObject({ suspect: false, deaths: 0, attempt: 0 });
  });

  point("death.forgiven", "the next step and a replay begin without earlier deaths", async (scene) => {
    let crew = await scene.crew();
    const { deliveries } = await scene.create();
    crew.hand({ deliveries });
    await crew.take();
    const next = await scene.crew();
    next.hand(await scene.store.workerGone({ worker: crew.worker, now: scene.now() }));
    crew = next;
    const held = await crew.take();
    await crew.fail(held, { retryable: false });
    const reopened = await scene.store.reopenJob({ owner: OWNER, id: held.job.id, now: scene.now() });
    expect(reopened.ok).toBe(true);
    if (reopened.ok) crew.hand(reopened);
    expect((await crew.take()).task).toMatchObject({ suspect: false, deaths: 0, attempt: 1 });
  });
}
