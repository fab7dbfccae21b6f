import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";

/** Results and memos stored as files. */
export function resultPoints(point: DefinePoint<StoreFixture>): void {
  point("result.file", "a result may be a file, which lives as long as its job", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    const first = await worker.take();
    const itemFile = { ...(await fixture.upload()), artifactId: `${first.taskId}.1.result` };
    await worker.succeed(first, { resultFile: itemFile });
    const gather = await worker.take();
    const jobFile = { ...(await fixture.upload()), artifactId: `${gather.taskId}.1.result` };
    await worker.succeed(gather, { resultFile: jobFile });

    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: null, resultFile: jobFile });
    const [item] = await store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ result: null, resultFile: itemFile });
    for (const file of [itemFile, jobFile]) {
      expect(await store.artifact({ owner: OWNER, id: file.artifactId })).toEqual({ ...file, jobId: job.id });
      expect(await store.artifact({ owner: "other", id: file.artifactId })).toBeNull();
    }

    fixture.pass(3_600_001);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    const collected = await store.collect({ now: fixture.now(), limit: 10 });
    expect(collected.sort()).toEqual([itemFile.blob, jobFile.blob].sort());
  });

  point("result.gone", "a result whose file was collected is not taken for one", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const held = await worker.take();
    const resultFile = await fixture.upload();
    await fixture.store.unpin({ keys: [resultFile.blob] });
    await worker.succeed(held, { resultFile });
    const [item] = await fixture.store.items({ jobId: held.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "scheduled", resultFile: null, error: { code: "unavailable" } });
  });

  point("result.previous", "the next step gets the file of the step before", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work"), each("second"), all("gather"), all("publish")];
    worker.hand(await fixture.create({ plan }));
    const files = [await fixture.upload(), await fixture.upload(), await fixture.upload()];
    await worker.succeed(await worker.take(), { resultFile: files[0]! });
    const second = await worker.take();
    expect(second.task).toMatchObject({ previous: null, previousFile: files[0], resultFile: null });
    await worker.succeed(second, { resultFile: files[1]! });
    const gather = await worker.take();
    expect(gather.task).toMatchObject({ previous: null, previousFile: null });
    await worker.succeed(gather, { resultFile: files[2]! });
    const publish = await worker.take();
    expect(publish.task).toMatchObject({ previous: null, previousFile: files[2], resultFile: null });
    await worker.succeed(publish, { result: "small again" });
    const job = await fixture.store.job({ owner: OWNER, id: publish.job.id });
    expect(job).toMatchObject({ result: "small again", resultFile: null });
  });

  point("result.cached", "a cached result that is a file belongs to both jobs", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work", { cacheKey: "k" }), each("second", { cacheKey: "l" })];
    const input = await fixture.upload("input");
    const items = [{ name: "a", input }];
    const first = await fixture.create({ plan, items });
    worker.hand(first);
    const [large, last] = [await fixture.upload(), await fixture.upload()];
    await worker.succeed(await worker.take(), { resultFile: large });
    await worker.succeed(await worker.take(), { resultFile: last });
    const second = await fixture.create({ plan, items });
    expect(second.job).toMatchObject({ state: "succeeded", cached: 1 });
    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: fixture.now() }));
    fixture.pass(3_600_001);
    const collected = await store.collect({ now: fixture.now(), limit: 10 });
    // Nothing refers to the first step's result any more: the second job never ran that step.
    expect(collected).not.toContain(last.blob);
    const [item] = await store.items({ jobId: second.job.id, limit: 1 });
    expect(item!.resultFile).toMatchObject({ blob: last.blob, bytes: last.bytes });
    const { artifactId } = item!.resultFile!;
    expect(await store.artifact({ owner: OWNER, id: artifactId })).toMatchObject({ blob: last.blob });
  });

  point("memo.blob", "a memo may be a file, which lives as long as its job", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const { taskId, lease, job } = await worker.take();
    const { blob } = await fixture.upload();
    const at = { taskId, step: "work", key: "paid call" };
    const memo = { ...at, value: null, blob, now: fixture.now() };
    expect(await store.remember({ ...memo, lease: "another" })).toEqual({ ok: false });
    expect(await store.remember({ ...memo, lease })).toEqual({ ok: true });
    expect(await store.memo(at)).toEqual({ value: null, blob });
    fixture.pass(3_600_001);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([blob]);
  });

  point(
    "result.removed",
    "a job that is removed while it is settled leaves no file behind",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const jobs = await Promise.all(Array.from({ length: 10 }, () => fixture.create()));
      const written: string[] = [];
      for (const made of jobs) {
        worker.hand(made);
        const held = await worker.take();
        const [output, resultFile] = [await fixture.upload(), await fixture.upload()];
        written.push(output.blob, resultFile.blob);
        await Promise.all([
          worker.succeed(held, { outputs: [output], resultFile }),
          store.removeJob({ owner: OWNER, id: made.job.id, now: fixture.now() }),
        ]);
      }
      fixture.pass(3_600_001);
      expect((await store.collect({ now: fixture.now(), limit: 100 })).sort()).toEqual(written.sort());
    },
  );
}
