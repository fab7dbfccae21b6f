import { expect } from "vitest";
import { KEPT_ATTEMPTS } from "../../domain/attempts.ts";
import { itemView, jobView, partView } from "../../domain/job-views.ts";
import { MOST_PARTS, partNumbers } from "../../domain/parts.ts";
import { JOB_ITEM, type TaskRecord } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, join, OWNER, type StoreFixture, split } from "./fixture.ts";
import { failure, newParts, success } from "./manual-worker.ts";

const EVERY_ITEM = { after: JOB_ITEM - 1, limit: 100 };

/** What is kept of each step and each attempt. */
export function stepPoints(point: DefinePoint<StoreFixture>): void {
  const tasksOf = (fixture: StoreFixture, jobId: string) => fixture.store.items({ jobId, ...EVERY_ITEM });
  const jobOf = async (fixture: StoreFixture, id: string) => (await fixture.store.job({ owner: OWNER, id }))!;

  point("steps.files", "what every step wrote and returned stays, as long as its job", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work"), each("second"), each("mark"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ plan, files: 1 });
    worker.hand({ deliveries });
    const written: string[] = [];
    const resultFile = { ...(await fixture.upload()), artifactId: `${job.id}.0.9.result` };
    for (const step of plan) {
      const held = await worker.take();
      const outputs =
        step.name === "mark"
          ? []
          : [{ ...(await fixture.upload()), artifactId: `${held.taskId}.${step.name}` }];
      written.push(...outputs.map((file) => file.artifactId));
      const large = step.name === "second" ? { resultFile } : { result: { by: step.name } };
      await worker.succeed(held, { outputs, ...large });
    }
    // Another connection reads what was written, not what the first one holds in memory.
    const [own, item] = await (await fixture.open()).items({ jobId: job.id, ...EVERY_ITEM });
    const view = jobView(await jobOf(fixture, job.id), [own!, item!]);
    expect(view.items[0]!.steps).toMatchObject([
      { name: "work", state: "succeeded", outputs: [{ artifactId: written[0] }], result: { by: "work" } },
      {
        name: "second",
        outputs: [{ artifactId: written[1] }],
        result: null,
        resultFile: { bytes: resultFile.bytes },
      },
      { name: "mark", outputs: [], result: { by: "mark" }, attempt: 1, cached: false, ms: 1, error: null },
    ]);
    for (const { startedAt } of view.items[0]!.steps)
      expect(startedAt).toBe(new Date(fixture.now()).toISOString());
    expect(view.steps.map(({ name, result }) => [name, result])).toEqual([
      ["gather", { by: "gather" }],
      ["publish", { by: "publish" }],
    ]);
    expect(view.outputs.map((file) => file.artifactId)).toEqual(written.slice(2));
    expect(view.items[0]!.outputs).toEqual([]);
    for (const id of [...written, resultFile.artifactId]) {
      expect(await store.artifact({ owner: OWNER, id })).toMatchObject({ artifactId: id, jobId: job.id });
      expect(await store.artifact({ owner: "other", id })).toBeNull();
    }
    fixture.pass(3_600_001);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toHaveLength(6);
  });

  point("steps.cached", "a step from the cache says so, and has the same files", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work", { cacheKey: "k" }), each("second")];
    const items = [{ name: "a", input: await fixture.upload("same") }];
    const first = await fixture.create({ plan, items });
    worker.hand(first);
    const output = { ...(await fixture.upload()), artifactId: `${first.job.id}.0.1.0` };
    await worker.work(({ task }) =>
      task.step === 0 ? success({ outputs: [output], result: 7 }) : success(),
    );
    const { job, deliveries } = await fixture.create({ plan, items });
    worker.hand({ deliveries });
    await worker.work();
    const [item] = await tasksOf(fixture, job.id);
    const [cached, second] = itemView(job, item!).steps;
    expect(cached).toMatchObject({
      name: "work",
      cached: true,
      attempt: 0,
      startedAt: null,
      ms: 0,
      result: 7,
    });
    expect(cached!.outputs).toMatchObject([{ bytes: output.bytes }]);
    expect(cached!.outputs[0]!.artifactId).not.toBe(output.artifactId);
    expect(second).toMatchObject({ name: "second", cached: false, attempt: 1, state: "succeeded" });
    const id = cached!.outputs[0]!.artifactId;
    expect(await fixture.store.artifact({ owner: OWNER, id })).toMatchObject({ blob: output.blob });
  });

  point(
    "steps.present",
    "the present step is told as it waits, runs, fails and is tried again",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work"), each("second", { attempts: 2 })];
      const { job, deliveries } = await fixture.create({ plan });
      const steps = async () => itemView(job, (await tasksOf(fixture, job.id))[0]!).steps;
      const told = async () => (await steps()).map(({ name, state, attempt }) => [name, state, attempt]);
      expect(await told()).toEqual([["work", "queued", 0]]);
      worker.hand({ deliveries });
      const held = await worker.take();
      expect(await told()).toEqual([["work", "running", 1]]);
      await worker.succeed(held);
      await worker.fail(await worker.take());
      expect(await told()).toEqual([
        ["work", "succeeded", 1],
        ["second", "retrying", 1],
      ]);
      expect((await steps())[1]).toMatchObject({ error: { code: "step_failed" }, ms: null });
      fixture.pass(60_000);
      await worker.sweep();
      const again = await worker.take();
      fixture.pass(250);
      await worker.fail(again);
      expect(await told()).toEqual([
        ["work", "succeeded", 1],
        ["second", "failed", 2],
      ]);
      expect((await steps())[1]).toMatchObject({ error: { code: "step_failed" }, ms: 250, outputs: [] });
    },
  );

  point("steps.parts", "a split, its parts and the join each keep theirs", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [split(), each("page"), each("mark"), join(), each("second")];
    const { job, deliveries } = await fixture.create({ plan, files: 1 });
    worker.hand({ deliveries });
    const write = async ({ taskId, task }: { taskId: string; task: TaskRecord }) => {
      const name = plan[task.step]!.name;
      return { ...(await fixture.upload()), artifactId: `${taskId}.${task.generation}.${name}` };
    };
    const splitting = await worker.take();
    await worker.succeed(splitting, { outputs: [await write(splitting)], parts: newParts(2) });
    while (worker.deliveries.length > 0) {
      const held = await worker.take();
      await worker.succeed(held, { outputs: [await write(held)], result: held.task.step });
    }
    const [item] = await tasksOf(fixture, job.id);
    const parts = await fixture.store.parts({ jobId: job.id, item: 0, limit: 10 });
    const results = (steps: ReturnType<typeof itemView>["steps"]) =>
      steps.map(({ name, result, outputs }) => [name, result, outputs.length]);
    expect(results(itemView(job, item!).steps)).toEqual([
      ["split", null, 1],
      ["join", 3, 1],
      ["second", 4, 1],
    ]);
    for (const part of parts) {
      expect(results(partView(job, part).steps)).toEqual([
        ["page", 1, 1],
        ["mark", 2, 1],
      ]);
      const id = partView(job, part).steps[0]!.outputs[0]!.artifactId;
      expect(await fixture.store.artifact({ owner: OWNER, id })).toMatchObject({ artifactId: id });
    }
  });

  point("steps.reopened", "what runs anew takes the place of what it made before", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ plan, files: 2 });
    worker.hand({ deliveries });
    await worker.work(({ task }) =>
      task.item === 1 ? failure({ retryable: false }) : success({ result: task.run }),
    );
    const view = async () => jobView(await jobOf(fixture, job.id), await tasksOf(fixture, job.id));
    expect((await view()).steps.map(({ name, result }) => [name, result])).toEqual([
      ["gather", 1],
      ["publish", 1],
    ]);
    worker.hand(accepted(await fixture.store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
    expect((await view()).steps).toEqual([]);
    await worker.work(({ task }) => success({ result: task.run }));
    const ended = await view();
    expect(ended.steps.map(({ name, result }) => [name, result])).toEqual([
      ["gather", 2],
      ["publish", 2],
    ]);
    expect(ended.items.map(({ steps }) => steps.map(({ result }) => result))).toEqual([[1], [2]]);
  });

  point("attempts.kept", "attempts that came to nothing are kept: when, where and why", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work", { attempts: 4 }), each("second", { attempts: 1 })];
    const { job, deliveries } = await fixture.create({ plan, files: 1 });
    worker.hand({ deliveries });
    const attempts = () => store.attempts({ jobId: job.id, first: 0, last: 0 });
    const startedAt = fixture.now();
    const error = {
      code: "step_failed",
      message: "It failed. Quote 1.",
      detail: "Error: é\n\u0000    at work (a.js:1)",
    };
    const first = await worker.take();
    await worker.settle(first, { kind: "failed", error, retryable: true, random: 0, ms: 12 });
    // The answer was lost, and the worker repeats the call.
    await worker.settle(first, { kind: "failed", error, retryable: true, random: 0, ms: 12 });
    expect(await attempts()).toEqual([
      {
        ...{ jobId: job.id, item: 0, generation: first.task.generation, step: "work", run: 1, attempt: 1 },
        ...{ outcome: "failed", worker: worker.id, startedAt, ms: 12, error },
      },
    ]);
    fixture.pass(60_000);
    await worker.sweep();
    await worker.take();
    fixture.pass(10_001);
    await worker.sweep();
    expect((await attempts())[1]).toMatchObject({
      outcome: "lost",
      attempt: 2,
      worker: worker.id,
      ms: 10_001,
      error: null,
    });
    await worker.settle(await worker.take(), { kind: "died" });
    expect((await attempts())[2]).toMatchObject({ outcome: "died", attempt: 2, step: "work" });
    const other = await fixture.worker();
    const held = await worker.take();
    const gone = await store.workerGone({ worker: worker.id, now: fixture.now() });
    expect((await attempts())[3]).toMatchObject({ outcome: "lost", generation: held.task.generation });
    other.hand(gone);
    await other.settle(await other.take(), { kind: "returned", delayMs: 0 });
    expect(await attempts()).toHaveLength(4);
    await other.succeed(await other.take());
    await other.fail(await other.take(), { retryable: false });
    expect((await attempts()).at(-1)).toMatchObject({ step: "second", attempt: 1, worker: other.id });
    expect(await store.attempts({ jobId: job.id, first: 1, last: 9 })).toEqual([]);

    other.hand(accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
    await other.fail(await other.take(), { retryable: false });
    expect((await attempts()).map(({ run }) => run)).toEqual([1, 1, 1, 1, 1, 2]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await attempts()).toEqual([]);
  });

  point(
    "attempts.bounded",
    "the last attempts of each task are kept, and what they say is short",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work", { attempts: 100, backoff: { baseMs: 1, maxMs: 1 } })];
      const { job, deliveries } = await fixture.create({ plan, files: 2 });
      worker.hand({ deliveries });
      const other = await worker.take();
      await worker.fail(other, { retryable: false });
      const error = { code: "step_failed", message: "m".repeat(3_000), detail: "d".repeat(100_000) };
      for (let attempt = 1; attempt <= KEPT_ATTEMPTS + 3; attempt++) {
        const held = await worker.take();
        await worker.settle(held, { kind: "failed", error, retryable: true, random: 0, ms: 1 });
        fixture.pass(2);
        await worker.sweep();
      }
      const kept = await fixture.store.attempts({ jobId: job.id, first: 0, last: 1 });
      const long = kept.filter(({ item }) => item !== other.task.item);
      expect(kept).toHaveLength(KEPT_ATTEMPTS + 1);
      expect(long.map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: KEPT_ATTEMPTS }, (_, n) => n + 4),
      );
      expect(JSON.stringify(long).length).toBeLessThan(KEPT_ATTEMPTS * 4_500);
      expect(long[0]!.error!.detail).toMatch(/^d+…$/);
    },
  );

  point("attempts.parts", "those of parts are found by their places", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [split(), each("page"), join()];
    const { job, deliveries } = await fixture.create({ plan, files: 1 });
    worker.hand({ deliveries });
    await worker.succeed(await worker.take(), { parts: newParts(3) });
    await worker.work(({ task }) => (task.part?.data === 1 ? failure({ retryable: false }) : undefined));
    const [first, last] = partNumbers(0);
    const found = await fixture.store.attempts({ jobId: job.id, first, last });
    expect(found.map(({ item, step, outcome }) => [item - first, step, outcome])).toEqual([
      [1, "page", "failed"],
    ]);
    expect(last - first).toBe(MOST_PARTS - 1);
    expect(await fixture.store.attempts({ jobId: "nonsense", first, last })).toEqual([]);
  });

  point("jobs.operator", "an operator reads the job of any owner", async (fixture) => {
    const { job } = await fixture.create({ owner: "somebody" });
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toBeNull();
    expect(await fixture.store.job({ owner: null, id: job.id })).toMatchObject({ owner: "somebody" });
    expect(await fixture.store.job({ owner: null, id: "nonsense" })).toBeNull();
  });
}
