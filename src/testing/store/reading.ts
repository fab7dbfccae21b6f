import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { JobRecord, TaskRecord } from "../../domain/records.ts";
import type { JobState } from "../../domain/states.ts";
import { PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import type { DefinePoint } from "../points.ts";
import { failure, success } from "./crew.ts";
import { accepted, all, each, OWNER, type StoreScene } from "./scene.ts";

export function readPoints(point: DefinePoint<StoreScene>): void {
  point("jobs.pages", "jobs are listed newest first, page by page, for their owner", async (scene) => {
    const { store } = scene;
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await scene.create()).job.id);
    await scene.create({ owner: "other" });
    const list = async (query: { limit: number; cursor?: string }) =>
      (await store.jobs({ owner: OWNER, ...query })).map((job) => job.id);
    expect(await list({ limit: 10 })).toEqual(ids);
    expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, cursor: ids[1] })).toEqual(ids.slice(2, 4));
    expect(await list({ limit: 2, cursor: ids[4] })).toEqual([]);
    expect(await store.jobs({ owner: "nobody", limit: 10 })).toEqual([]);
  });

  point("jobs.filters", "jobs are filtered by state and pipeline", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const done = await scene.create();
    crew.hand(done);
    await crew.work();
    const failed = await scene.create();
    crew.hand(failed);
    await crew.work(() => failure({ retryable: false }));
    const running = await scene.create({ pipeline: "other" });
    crew.hand(running);
    await crew.take();
    const queued = await scene.create();
    const cancelled = await scene.create();
    accepted(await store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: scene.now() }));
    const list = async (states?: JobState[], pipeline?: string) =>
      (await store.jobs({ owner: OWNER, states, pipeline, limit: 10 })).map((job) => job.id);
    expect(await list(["succeeded"])).toEqual([done.job.id]);
    expect(await list(["failed", "cancelled"])).toEqual([cancelled.job.id, failed.job.id]);
    expect(await list(["queued", "running"])).toEqual([queued.job.id, running.job.id]);
    expect(await list(undefined, "other")).toEqual([running.job.id]);
    expect(await list(["queued"], "other")).toEqual([]);
    expect(await list(["partial", "expired"])).toEqual([]);
  });

  point("jobs.private", "another's job, or a nonsense id, is null", async (scene) => {
    const { job } = await scene.create();
    const read = (owner: string, id: string) => scene.store.job({ owner, id });
    expect((await read(OWNER, job.id))?.id).toBe(job.id);
    expect(await read("other", job.id)).toBeNull();
    for (const id of [newId(), "", "nonsense", "-".repeat(36), `${job.id}.0`]) {
      expect(await read(OWNER, id)).toBeNull();
    }
  });

  point("items.pages", "items are read by index, page by page and by state", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 7, plan: [each("work"), all("gather")] });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.item % 3 === 1 ? failure({ retryable: false }) : success()));
    const list = async (query: object) =>
      (await store.items({ jobId: job.id, limit: 10, ...query })).map((item) => item.item);
    expect(await list({})).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await list({ limit: 3 })).toEqual([0, 1, 2]);
    expect(await list({ limit: 3, after: 2 })).toEqual([3, 4, 5]);
    expect(await list({ states: ["dead"] })).toEqual([1, 4]);
    expect(await list({ states: ["dead", "succeeded"], after: 3 })).toEqual([4, 5, 6]);
    expect(await store.items({ jobId: newId(), limit: 10 })).toEqual([]);
    expect(await store.items({ jobId: "nonsense", limit: 10 })).toEqual([]);
  });

  point(
    "artifacts.found",
    "inputs, outputs, attachments and the job's own files are found by id",
    async (scene) => {
      const { store } = scene;
      const crew = await scene.crew();
      const command = await scene.command({ files: 1, plan: [each("work"), all("gather")] });
      const attachment = { ...(await scene.upload()), artifactId: `${command.id}.option.mark` };
      const { job, deliveries } = accepted(await store.createJob({ ...command, attachments: [attachment] }));
      crew.hand({ deliveries });
      const output = { ...(await scene.upload()), artifactId: `${job.id}.0.2.0` };
      const zip = { ...(await scene.upload()), artifactId: `${job.id}.all.1.0`, name: "all.zip" };
      await crew.work(({ task }) => success({ outputs: [task.item < 0 ? zip : output] }));
      for (const file of [command.items[0]!.input!, attachment, output, zip]) {
        const found = await store.artifact({ owner: OWNER, id: file.artifactId });
        expect(found).toEqual({ ...file, jobId: job.id });
        expect(await store.artifact({ owner: "other", id: file.artifactId })).toBeNull();
      }
      expect(await store.artifact({ owner: OWNER, id: `${job.id}.0.9.9` })).toBeNull();
      expect(await store.artifact({ owner: OWNER, id: `${job.id}.5.1.0` })).toBeNull();
    },
  );

  point("health.answers", "health resolves while the records can be read", async (scene) => {
    await scene.store.health();
  });

  point("pages.size", "a page is bounded by its size, and only an empty one is the end", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const large = "x".repeat(50_000);
    const items = 30;
    const { job, deliveries } = await scene.create({ files: items });
    crew.hand({ deliveries });
    for (let n = 0; n < items; n++) await crew.succeed(await crew.take(), { result: large });
    for (let n = 0; n < items; n++) await scene.create({ options: { large } });
    const pages = async <T>(read: (last: T | undefined) => Promise<T[]>) => {
      const found: T[][] = [];
      for (let page = await read(undefined); page.length > 0; page = await read(page.at(-1)))
        found.push(page);
      return found;
    };
    const byItem = await pages<TaskRecord>((last) =>
      store.items({ jobId: job.id, limit: 100, ...(last && { after: last.item }) }),
    );
    expect(byItem.flat().map((one) => one.item)).toEqual(Array.from({ length: items }, (_, n) => n));
    const byJob = await pages<JobRecord>((last) =>
      store.jobs({ owner: OWNER, limit: 100, ...(last && { cursor: last.id }) }),
    );
    expect(new Set(byJob.flat().map((one) => one.id)).size).toBe(items + 1);
    for (const found of [...byItem, ...byJob]) {
      expect(JSON.stringify(found).length).toBeLessThan(2 * PAGE_CHARACTERS);
    }
    expect([byItem.length, byJob.length]).toEqual([2, 2]);
  });
}
