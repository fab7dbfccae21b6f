import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreScene } from "./scene.ts";

/** Results and memos that are kept as files. */
export function resultPoints(point: DefinePoint<StoreScene>): void {
  point("result.file", "a result may be a file, which lives as long as its job", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ plan: [each("work"), all("gather")] });
    crew.hand({ deliveries });
    const first = await crew.take();
    const itemFile = { ...(await scene.upload()), artifactId: `${first.taskId}.1.result` };
    await crew.succeed(first, { resultFile: itemFile });
    const gather = await crew.take();
    const jobFile = { ...(await scene.upload()), artifactId: `${gather.taskId}.1.result` };
    await crew.succeed(gather, { resultFile: jobFile });

    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", result: null, resultFile: jobFile });
    const [item] = await store.items({ jobId: job.id, limit: 1 });
    expect(item).toMatchObject({ result: null, resultFile: itemFile });
    for (const file of [itemFile, jobFile]) {
      expect(await store.artifact({ owner: OWNER, id: file.artifactId })).toEqual({ ...file, jobId: job.id });
      expect(await store.artifact({ owner: "other", id: file.artifactId })).toBeNull();
    }

    scene.pass(3_600_001);
    expect(await store.collect({ now: scene.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: scene.now() }));
    const collected = await store.collect({ now: scene.now(), limit: 10 });
    expect(collected.sort()).toEqual([itemFile.blob, jobFile.blob].sort());
  });

  point("result.gone", "a result whose file was collected is not taken for one", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const held = await crew.take();
    const resultFile = await scene.upload();
    await scene.store.unpin({ keys: [resultFile.blob] });
    await crew.succeed(held, { resultFile });
    const [item] = await scene.store.items({ jobId: held.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "scheduled", resultFile: null, error: { code: "unavailable" } });
  });

  point("result.previous", "the next step gets the file of the step before", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work"), each("second"), all("gather"), all("publish")];
    crew.hand(await scene.create({ plan }));
    const files = [await scene.upload(), await scene.upload(), await scene.upload()];
    await crew.succeed(await crew.take(), { resultFile: files[0]! });
    const second = await crew.take();
    expect(second.task).toMatchObject({ previous: null, previousFile: files[0], resultFile: null });
    await crew.succeed(second, { resultFile: files[1]! });
    const gather = await crew.take();
    expect(gather.task).toMatchObject({ previous: null, previousFile: null });
    await crew.succeed(gather, { resultFile: files[2]! });
    const publish = await crew.take();
    expect(publish.task).toMatchObject({ previous: null, previousFile: files[2], resultFile: null });
    await crew.succeed(publish, { result: "small again" });
    const job = await scene.store.job({ owner: OWNER, id: publish.job.id });
    expect(job).toMatchObject({ result: "small again", resultFile: null });
  });

  point("result.cached", "a cached result that is a file belongs to both jobs", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const plan = [each("work", { cacheKey: "k" }), each("second", { cacheKey: "l" })];
    const input = await scene.upload("input");
    const items = [{ name: "a", input }];
    const first = await scene.create({ plan, items });
    crew.hand(first);
    const [large, last] = [await scene.upload(), await scene.upload()];
    await crew.succeed(await crew.take(), { resultFile: large });
    await crew.succeed(await crew.take(), { resultFile: last });
    const second = await scene.create({ plan, items });
    expect(second.job).toMatchObject({ state: "succeeded", cached: 1 });
    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: scene.now() }));
    scene.pass(3_600_001);
    const collected = await store.collect({ now: scene.now(), limit: 10 });
    // The result of the first step is nobody's any more: the second job never ran it.
    expect(collected).not.toContain(last.blob);
    const [item] = await store.items({ jobId: second.job.id, limit: 1 });
    expect(item!.resultFile).toMatchObject({ blob: last.blob, bytes: last.bytes });
    const { artifactId } = item!.resultFile!;
    expect(await store.artifact({ owner: OWNER, id: artifactId })).toMatchObject({ blob: last.blob });
  });

  point("memo.blob", "a memo may be a file, which lives as long as its job", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const { taskId, lease, job } = await crew.take();
    const { blob } = await scene.upload();
    const at = { taskId, step: "work", key: "paid call" };
    const memo = { ...at, value: null, blob, now: scene.now() };
    expect(await store.remember({ ...memo, lease: "another" })).toEqual({ ok: false });
    expect(await store.remember({ ...memo, lease })).toEqual({ ok: true });
    expect(await store.memo(at)).toEqual({ value: null, blob });
    scene.pass(3_600_001);
    expect(await store.collect({ now: scene.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: scene.now() }));
    expect(await store.collect({ now: scene.now(), limit: 10 })).toEqual([blob]);
  });

  point(
    "result.removed",
    "a job that is removed while it is settled leaves no file behind",
    async (scene) => {
      const { store } = scene;
      const crew = await scene.crew();
      const jobs = await Promise.all(Array.from({ length: 10 }, () => scene.create()));
      const written: string[] = [];
      for (const made of jobs) {
        crew.hand(made);
        const held = await crew.take();
        const [output, resultFile] = [await scene.upload(), await scene.upload()];
        written.push(output.blob, resultFile.blob);
        await Promise.all([
          crew.succeed(held, { outputs: [output], resultFile }),
          store.removeJob({ owner: OWNER, id: made.job.id, now: scene.now() }),
        ]);
      }
      scene.pass(3_600_001);
      expect((await store.collect({ now: scene.now(), limit: 100 })).sort()).toEqual(written.sort());
    },
  );
}
