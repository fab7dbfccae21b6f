import { expect } from "vitest";
import type { TaskDelivery } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { OWNER, type StoreFixture, workerRecord } from "./fixture.ts";
import type { ManualWorker } from "./manual-worker.ts";
import { failure, success } from "./manual-worker.ts";

export function queuePoints(point: DefinePoint<StoreFixture>): void {
  point(
    "window.bounded",
    "four tasks for each that workers can run at once are handed out",
    async (fixture) => {
      const worker = await fixture.worker({ concurrency: 3 });
      const made = await fixture.create({ files: 50 });
      expect(made.deliveries).toHaveLength(12);
      worker.hand(made);
      const held = await worker.take();
      expect(worker.deliveries).toHaveLength(12);
      await worker.succeed(held);
      expect(worker.deliveries).toHaveLength(12);
      expect(await worker.sweep()).toBe(0);
      await fixture.worker({ concurrency: 2 });
      expect(await worker.sweep()).toBe(8);
      expect(await worker.work()).toBe(49);
    },
  );

  point("window.no-worker", "without a worker everything waits in the backlog", async (fixture) => {
    const made = await fixture.create({ files: 5 });
    expect(made.deliveries).toEqual([]);
    const worker = await fixture.worker();
    expect(await worker.sweep()).toBe(5);
    const items = await fixture.store.items({ jobId: made.job.id, limit: 9 });
    expect(items.map((item) => item.state)).toEqual(Array(5).fill("published"));
  });

  point("window.in-turn", "what becomes due while others wait comes after them", async (fixture) => {
    const first = await fixture.create({ files: 6 });
    const worker = await fixture.worker({ concurrency: 1 });
    worker.hand(await fixture.create({ files: 2 }));
    await worker.sweep();
    expect(worker.deliveries).toHaveLength(4);
    for (const { taskId } of worker.deliveries) expect(taskId).toContain(first.job.id);
  });

  point("window.priority", "of one owner, higher priorities leave the backlog first", async (fixture) => {
    const jobs = new Map<string, number>();
    for (const priority of [4, 0, 9, 5]) {
      const { job } = await fixture.create({ files: 3, priority });
      jobs.set(job.id, priority);
    }
    const worker = await fixture.worker({ concurrency: 1 });
    const order = await servingOrder(worker);
    const priorities = order.map((one) => jobs.get(one.taskId.slice(0, 36)));
    expect(priorities).toEqual([9, 9, 9, 5, 5, 5, 4, 4, 4, 0, 0, 0]);
  });

  point("window.owners-first", "no priority lets an owner starve the others", async (fixture) => {
    const owners = new Map<string, string>();
    const create = async (owner: string, files: number, priority: number) => {
      const { job } = await fixture.create({ owner, files, priority });
      owners.set(job.id, owner);
    };
    await create("loud", 100, 9);
    await create("quiet", 10, 0);
    await create("quiet", 2, 5);
    const worker = await fixture.worker({ concurrency: 1 });
    const order = await servingOrder(worker);
    const served = order.map((one) => owners.get(one.taskId.slice(0, 36))!);
    expect(served.slice(0, 28).filter((owner) => owner === "quiet")).toHaveLength(12);
    // The quiet owner's urgent tasks come before its others.
    const quiet = order.filter((_, n) => served[n] === "quiet").map((one) => one.taskId.slice(0, 36));
    expect(new Set(quiet.slice(0, 2)).size).toBe(1);
    expect(quiet[0]).not.toBe(quiet[2]);
  });

  point("window.fair", "owners take turns, each first come first served", async (fixture) => {
    const owners = new Map<string, string>();
    const create = async (owner: string, files: number) => {
      const { job } = await fixture.create({ owner, files });
      owners.set(job.id, owner);
    };
    await create("a", 200);
    await create("b", 8);
    await create("c", 8);
    const worker = await fixture.worker({ concurrency: 1 });
    const order = await servingOrder(worker);
    const served = order.map((one) => owners.get(one.taskId.slice(0, 36))!);
    // However many tasks "a" has waiting, the others finish after their share.
    expect(served.slice(0, 32).filter((owner) => owner !== "a").length).toBeGreaterThanOrEqual(14);
    for (const owner of ["a", "b", "c"]) {
      const items = order.filter((_, n) => served[n] === owner).map((one) => Number(one.taskId.slice(37)));
      expect(items).toEqual(items.map((_, n) => n));
    }
  });

  point("queue.paused", "a paused queue hands out nothing, and goes on when resumed", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ concurrency: 1 });
    worker.hand(await fixture.create({ files: 10 }));
    const held = await worker.take();
    const handed = worker.deliveries.length;
    await store.setPaused({ queue: "text/work", paused: true });
    expect(
      (await store.queues({ now: fixture.now() })).find((one) => one.name === "text/work"),
    ).toMatchObject({
      paused: true,
    });
    expect(await worker.succeed(held)).toBe("settled");
    expect(worker.deliveries).toHaveLength(handed);
    expect(await worker.sweep()).toBe(0);
    expect((await fixture.create({ files: 2 })).deliveries).toEqual([]);
    worker.deliveries.length = 0;
    const resumed = await store.setPaused({ queue: "text/work", paused: false });
    worker.hand(resumed);
    await worker.sweep();
    expect((await store.queues({ now: fixture.now() })).find((one) => one.name === "text/work")?.paused).toBe(
      false,
    );
    fixture.pass(11_000);
    await worker.sweep();
    expect(await worker.work()).toBe(11);
  });

  point("queue.figures", "an operator sees what waits, runs and died", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ concurrency: 1 });
    const queue = async () =>
      (await store.queues({ now: fixture.now() })).find((one) => one.name === "text/work");
    worker.hand(await fixture.create({ files: 9 }));
    await worker.take();
    await worker.succeed(await worker.take());
    await worker.fail(await worker.take());
    await worker.fail(await worker.take(), { retryable: false });
    expect(await queue()).toMatchObject({ ready: 5, running: 1, scheduled: 1, dead: 1, workers: 1 });
    fixture.pass(3_000);
    const figures = (await queue())!;
    expect(figures.drainRate).toBeGreaterThan(0);
    expect(figures.drainRate).toBeLessThan(1);
    expect(figures.oldestMs).toBeGreaterThanOrEqual(2_000);
    expect(await store.counts()).toEqual({
      jobs: { running: 1 },
      tasks: { ready: 5, running: 1, scheduled: 1, dead: 1 },
    });
  });

  point("workers.listed", "live workers are listed with what they said last", async (fixture) => {
    const { store } = fixture;
    const record = workerRecord("w1", { "text/work": 3 }, fixture.now());
    await store.heartbeat(record);
    await store.heartbeat({ ...record, running: 2 });
    const [worker, ...others] = await store.workers();
    expect(others).toEqual([]);
    const { seenAt, ...told } = worker!;
    expect(told).toEqual({ ...record, running: 2 });
    expect(Math.abs(seenAt - store.now())).toBeLessThan(2_000);
  });

  point(
    "dead-letters.filtered",
    "dead letters are listed newest first, by page and filter",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const text = await fixture.create({ files: 3 });
      const other = await fixture.create({ files: 2, pipeline: "other", owner: "somebody" });
      worker.hand(text);
      worker.hand(other);
      await worker.work(({ task }) =>
        task.owner === OWNER && task.item === 2
          ? success()
          : ({
              ...failure({ retryable: false }),
              error: { code: `code_${task.item}`, message: "no" },
            } as never),
      );
      const list = async (query: object) =>
        (await store.deadLetters({ limit: 10, ...query })).map((one) => `${one.pipeline} ${one.item}`);
      expect(await list({})).toEqual(["other 1", "other 0", "text 1", "text 0"]);
      expect(await list({ limit: 2 })).toEqual(["other 1", "other 0"]);
      expect(await list({ cursor: `${other.job.id}.0` })).toEqual(["text 1", "text 0"]);
      expect(await list({ pipeline: "text" })).toEqual(["text 1", "text 0"]);
      expect(await list({ code: "code_1" })).toEqual(["other 1", "text 1"]);
      expect(await list({ jobId: text.job.id })).toEqual(["text 1", "text 0"]);
      expect(await list({ queue: "text/second" })).toEqual([]);
      expect(await list({ queue: "text/work", code: "code_0" })).toEqual(["other 0", "text 0"]);
    },
  );
}

/** Takes one task after the other, like a slow worker. */
async function servingOrder(worker: ManualWorker): Promise<TaskDelivery[]> {
  const order: TaskDelivery[] = [];
  await worker.sweep();
  while (worker.deliveries.length > 0) {
    order.push(worker.deliveries[0]!);
    await worker.succeed(await worker.take());
  }
  return order;
}
