import { expect } from "vitest";
import type { PlanStep } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, join, OWNER, type StoreFixture, split } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure, type Held, type ManualWorker, newParts, success } from "./manual-worker.ts";

const plan = [split(), each("page"), join(), all("gather")];

/** Creates a job of one item, and splits it. */
export async function splitJob(
  fixture: StoreFixture,
  worker: ManualWorker,
  parts: number,
  steps: PlanStep[] = plan,
) {
  const { job, deliveries } = await fixture.create({ files: 1, plan: steps });
  worker.deliveries.unshift(...deliveries);
  const held = await worker.take();
  await worker.succeed(held, { parts: newParts(parts) });
  return { job, held };
}

export async function itemOf(fixture: StoreFixture, jobId: string) {
  return (await fixture.store.items({ jobId, limit: 1 }))[0]!;
}

export function partPoints(point: DefinePoint<StoreFixture>): void {
  point("parts.join", "an item waits for its parts, and the join reads how each ended", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 3);
    expect(await itemOf(fixture, job.id)).toMatchObject({
      ...{ state: "split", step: 0, split: { total: 3, done: 0, failed: 0 } },
    });
    const pages = [await worker.take(), await worker.take(), await worker.take()];
    for (const [n, { task }] of pages.entries()) {
      expect(task).toMatchObject({
        queue: "text/page",
        step: 1,
        attempt: 1,
        name: `part-${n}`,
        previous: null,
      });
      expect(task.part).toEqual({ total: 3, data: n, dataFile: null, files: [] });
    }
    const output = await fixture.upload("page 0");
    await worker.succeed(pages[0]!, { result: "read", outputs: [output] });
    expect(worker.deliveries).toEqual([]);
    await worker.settle(pages[1]!, failure({ retryable: false }));
    expect((await itemOf(fixture, job.id)).split).toMatchObject({ total: 3, done: 1, failed: 1 });
    await worker.succeed(pages[2]!, { result: "read too" });
    const joining = await worker.take();
    expect(joining.taskId).toBe(`${job.id}.0`);
    expect(joining.task).toMatchObject({ queue: "text/join", step: 2, attempt: 1 });
    expect(joining.task.inputs).toEqual([joining.task.input]);
    const parts = await store.parts({ jobId: job.id, item: 0, limit: 10 });
    expect(parts.map(({ state, result, error }) => [state, result, error?.code ?? null])).toEqual([
      ["succeeded", "read", null],
      ["dead", null, "step_failed"],
      ["succeeded", "read too", null],
    ]);
    expect(parts[0]!.outputs).toEqual([output]);
    await worker.succeed(joining, { result: "a text" });
    await worker.work();
    expect(await itemOf(fixture, job.id)).toMatchObject({ state: "succeeded", result: "a text" });
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      ...{ state: "succeeded", done: 1, failed: 0, failedParts: 1, stepsDone: 4 },
    });
    expect(worker.deliveries).toEqual([]);
  });

  point("parts.once", "ended at once from everywhere, the last part starts one join", async (fixture) => {
    const stores = [fixture.store, await fixture.open(), await fixture.open()];
    const workers = await Promise.all(stores.map((store) => fixture.worker({ store })));
    const jobs = [];
    for (let n = 0; n < 10; n++) jobs.push((await splitJob(fixture, workers[0]!, 8)).job);
    const pages = workers[0]!.deliveries.splice(0);
    expect(pages).toHaveLength(80);
    await Promise.all(
      pages.map(async (delivery, n) => {
        const worker = workers[n % workers.length]!;
        const claim = await worker.claim(delivery);
        if (!claim.claimed) throw new Error("not claimed");
        const lease = claim.task.lease!;
        await worker.settle(
          { taskId: delivery.taskId, lease },
          n % 7 ? success() : failure({ retryable: false }),
        );
      }),
    );
    const joins = workers.flatMap((worker) => worker.deliveries);
    expect(joins.map((one) => one.taskId).sort()).toEqual(jobs.map(({ id }) => `${id}.0`).sort());
    for (const worker of workers) await worker.work();
    for (const { id } of jobs) {
      expect(await fixture.store.job({ owner: OWNER, id })).toMatchObject({ state: "succeeded", done: 1 });
    }
  });

  point("parts.log", "the log tells of the item, and grows by nothing for a part", async (fixture) => {
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 20);
    let failed = 0;
    await worker.work(({ task }) => (task.item < -1 && failed++ < 2 ? failure() : undefined));
    fixture.pass(60_000);
    await worker.sweep();
    await worker.work();
    expect(await typesOf(fixture.store, job.id)).toEqual([
      ...["job.created", "job.started", "item.started", "item.started", "item.succeeded", "job.succeeded"],
    ]);
    const events = await fixture.store.events({ owner: OWNER, after: 0, limit: 10, jobId: job.id });
    expect(events.filter(({ type }) => type === "item.started").map(({ data }) => data.parts)).toEqual([
      undefined,
      { total: 20, done: 20, failed: 0 },
    ]);
  });

  point("parts.counted", "whoever settles a part hears how those of its item stand", async (fixture) => {
    const worker = await fixture.worker();
    await splitJob(fixture, worker, 2);
    const settle = async ({ taskId, lease }: Held) =>
      (await fixture.store.settle({ taskId, lease, now: fixture.now(), outcome: success() })).parts;
    const [first, second] = [await worker.take(), await worker.take()];
    expect(await settle(first)).toEqual({ total: 2, done: 1, failed: 0, attempt: 1 });
    expect(await settle(first)).toEqual({ total: 2, done: 1, failed: 0, attempt: 1 });
    expect(await settle(second)).toMatchObject({ total: 2, done: 2, failed: 0 });
  });

  point(
    "parts.chain",
    "a part passes its outputs and result from step to step, and keeps its data",
    async (fixture) => {
      const worker = await fixture.worker();
      const steps = [each("work"), split(), each("page"), each("mark"), join(), each("second")];
      worker.hand(await fixture.create({ files: 1, plan: steps }));
      await worker.succeed(await worker.take(), { result: "before" });
      const file = await fixture.upload("a page");
      const parts = [{ name: "page 1", data: { n: 1 }, dataFile: null, files: [file] }];
      await worker.succeed(await worker.take(), { parts, outputs: [file] });
      const first = await worker.take();
      expect(first.task).toMatchObject({ step: 2, inputs: [file], previous: null, part: { data: { n: 1 } } });
      const output = await fixture.upload("made");
      await worker.succeed(first, { result: "first", outputs: [output] });
      const second = await worker.take();
      expect(second.task).toMatchObject({ step: 3, attempt: 1, inputs: [output], previous: "first" });
      expect(second.task.part).toMatchObject({ data: { n: 1 }, files: [file] });
      await worker.succeed(second, { result: "second" });
      const joining = await worker.take();
      expect(joining.task).toMatchObject({ step: 4, previous: "before", split: { total: 1, done: 1 } });
      await worker.succeed(joining, { result: "joined" });
      const last = await worker.take();
      expect(last.task).toMatchObject({ step: 5, previous: "joined", item: 0 });
      await worker.succeed(last);
      expect(await fixture.store.job({ owner: OWNER, id: last.job.id })).toMatchObject({
        ...{ state: "succeeded", stepsDone: 6 },
      });
    },
  );

  point(
    "parts.needs",
    "a join that needs some runs for one, and one that needs every does not",
    async (fixture) => {
      const worker = await fixture.worker();
      const outcomes = [];
      for (const [needs, lost] of [
        ["some", 2],
        ["some", 3],
        ["every", 1],
        ["every", 0],
      ] as const) {
        const { job } = await splitJob(fixture, worker, 3, [
          split(),
          each("page"),
          join({ needs }),
          each("second"),
        ]);
        let failed = 0;
        await worker.work(({ task }) =>
          task.item < -1 && failed++ < lost ? failure({ retryable: false }) : undefined,
        );
        const { state, error } = await itemOf(fixture, job.id);
        const { stepsDone } = (await fixture.store.job({ owner: OWNER, id: job.id }))!;
        outcomes.push([state, error?.code ?? null, stepsDone]);
      }
      expect(outcomes).toEqual([
        ["succeeded", null, 4],
        ["dead", "parts_failed", 4],
        ["dead", "parts_failed", 4],
        ["succeeded", null, 4],
      ]);
    },
  );

  point("parts.none", "an item that is split into nothing goes on at its join", async (fixture) => {
    const worker = await fixture.worker();
    const { job } = await splitJob(fixture, worker, 0);
    const joining = await worker.take();
    expect(joining.task).toMatchObject({ step: 2, split: { total: 0, done: 0, failed: 0 } });
    await worker.succeed(joining);
    await worker.work();
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
  });

  point("parts.repeated", "a split that is settled again makes nothing more", async (fixture) => {
    const worker = await fixture.worker();
    const { job, held } = await splitJob(fixture, worker, 3);
    for (const parts of [3, 5])
      expect(await worker.succeed(held, { parts: newParts(parts) })).toBe("settled");
    expect(worker.deliveries).toHaveLength(3);
    expect(await fixture.store.parts({ jobId: job.id, item: 0, limit: 10 })).toHaveLength(3);
  });

  point(
    "parts.delivered-again",
    "an item that waits for its parts is claimed by no delivery",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job, held } = await splitJob(fixture, worker, 2);
      const item = await itemOf(fixture, job.id);
      // A broker may redeliver what was unacknowledged when a connection ended.
      const again = { taskId: held.taskId, queue: item.queue, generation: item.generation };
      expect(await worker.claim(again)).toMatchObject({ claimed: false, reason: "not_due" });
      await worker.work();
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
    },
  );

  point("parts.list", "parts are listed by item, in order, by state and in pages", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2, plan });
    worker.hand({ deliveries });
    for (const count of [5, 12]) await worker.succeed(await worker.take(), { parts: newParts(count) });
    const dead = await worker.take();
    await worker.settle(dead, failure({ retryable: false }));
    const list = async (query: object) =>
      (await store.parts({ jobId: job.id, item: 1, limit: 5, ...query })).map((part) => part.name);
    expect(await list({ item: 0 })).toEqual([0, 1, 2, 3, 4].map((n) => `part-${n}`));
    expect(await list({ limit: 3, after: 8 })).toEqual(["part-9", "part-10", "part-11"]);
    expect(await list({ after: 11 })).toEqual([]);
    expect(await list({ item: 0, states: ["dead"] })).toEqual([dead.task.name]);
    expect(await list({ item: 2 })).toEqual([]);
    const items = await store.items({ jobId: job.id, limit: 10 });
    expect(items.map((item) => item.split?.total)).toEqual([5, 12]);
  });

  point(
    "parts.deaths",
    "a part's worker dies: the part runs again, and kills its processes thrice",
    async (fixture) => {
      const worker = await fixture.worker();
      const { job } = await splitJob(fixture, worker, 2);
      const other = await fixture.worker();
      const lost = await worker.take();
      const gone = await fixture.store.workerGone({ worker: worker.id, now: fixture.now() });
      expect(gone.deliveries.map((one) => one.taskId)).toEqual([lost.taskId]);
      other.hand({ deliveries: [...gone.deliveries, ...worker.deliveries] });
      expect(await worker.succeed(lost)).toBe("stale");
      await other.work(({ task }) => (task.suspect ? { kind: "died" } : undefined));
      expect(await fixture.store.parts({ jobId: job.id, item: 0, limit: 9, states: ["dead"] })).toMatchObject(
        [{ deaths: 3, error: { code: "worker_died" } }],
      );
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
    },
  );

  point("parts.memos", "each part has memos of its own", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    await splitJob(fixture, worker, 2);
    const [one, other] = [await worker.take(), await worker.take()];
    const at = { step: "page", key: "paid" };
    const memo = { ...at, taskId: one.taskId, value: 7, blob: null, lease: one.lease, now: fixture.now() };
    expect(await store.remember(memo)).toEqual({ ok: true });
    expect(await store.memo({ ...at, taskId: one.taskId })).toEqual({ value: 7, blob: null });
    expect(await store.memo({ ...at, taskId: other.taskId })).toBeNull();
  });

  point("parts.admission", "an item counts once for its queue, as long as it waits", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    await splitJob(fixture, worker, 30);
    const now = fixture.now();
    const usual = {
      owner: OWNER,
      limit: 10,
      ownerLimit: 10,
      ownerDelayedLimit: 10,
      delayed: false,
      now,
      expiresAt: now + 60_000,
    };
    const reserve = (tasks: number) =>
      store.reserve({ id: crypto.randomUUID(), queue: "text/split", tasks, ...usual });
    expect(await reserve(10)).toMatchObject({ ok: false, code: "queue_full" });
    expect(accepted(await reserve(9))).toEqual({ ok: true, reserved: 9 });
    await worker.work();
    expect(accepted(await reserve(1))).toEqual({ ok: true, reserved: 1 });
  });

  point("parts.files", "files of parts are the job's, as long as it keeps them", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const [page, data, output] = [
      await fixture.upload("page"),
      await fixture.upload("data"),
      await fixture.upload(),
    ];
    worker.hand(await fixture.create({ files: 1, plan }));
    const parts = [{ name: "page", data: null, dataFile: data, files: [page] }];
    await worker.succeed(await worker.take(), { outputs: [page], parts });
    const held = await worker.take();
    const named = { ...output, artifactId: `${held.taskId}.1.0` };
    await worker.succeed(held, { outputs: [named] });
    await worker.work();
    const found = await store.artifact({ owner: OWNER, id: named.artifactId });
    expect(found).toMatchObject({ blob: output.blob, jobId: held.job.id });
    expect(await store.artifact({ owner: "other", id: named.artifactId })).toBeNull();
    const keys = [page.blob, data.blob, output.blob];
    fixture.pass(3_500_000);
    await store.collect({ now: fixture.now(), limit: 100 });
    expect((await store.known({ keys })).sort()).toEqual(keys.sort());
    fixture.pass(200_000);
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    expect(await store.artifact({ owner: OWNER, id: named.artifactId })).toBe("expired");
    const gone = await store.collect({ now: fixture.now(), limit: 100 });
    expect(gone).toEqual(expect.arrayContaining(keys));
  });
}
