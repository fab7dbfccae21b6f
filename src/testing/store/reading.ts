import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { JobRecord, TaskRecord } from "../../domain/records.ts";
import type { JobState } from "../../domain/states.ts";
import { PAGE_CHARACTERS } from "../../ports/store/jobs.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { failure, success } from "./manual-worker.ts";

export function readPoints(point: DefinePoint<StoreFixture>): void {
  point("jobs.pages", "jobs are listed newest first, page by page, for their owner", async (fixture) => {
    const { store } = fixture;
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.unshift((await fixture.create()).job.id);
    await fixture.create({ owner: "other" });
    const list = async (query: { limit: number; cursor?: string }) =>
      (await store.jobs({ owner: OWNER, ...query })).map((job) => job.id);
    expect(await list({ limit: 10 })).toEqual(ids);
    expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, cursor: ids[1] })).toEqual(ids.slice(2, 4));
    expect(await list({ limit: 2, cursor: ids[4] })).toEqual([]);
    expect(await store.jobs({ owner: "nobody", limit: 10 })).toEqual([]);
  });

  point("jobs.filters", "jobs are filtered by state and pipeline", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const done = await fixture.create();
    worker.hand(done);
    await worker.work();
    const failed = await fixture.create();
    worker.hand(failed);
    await worker.work(() => failure({ retryable: false }));
    const running = await fixture.create({ pipeline: "other" });
    worker.hand(running);
    await worker.take();
    const queued = await fixture.create();
    const cancelled = await fixture.create();
    accepted(await store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: fixture.now() }));
    const list = async (states?: JobState[], pipeline?: string) =>
      (await store.jobs({ owner: OWNER, states, pipeline, limit: 10 })).map((job) => job.id);
    expect(await list(["succeeded"])).toEqual([done.job.id]);
    expect(await list(["failed", "cancelled"])).toEqual([cancelled.job.id, failed.job.id]);
    expect(await list(["queued", "running"])).toEqual([queued.job.id, running.job.id]);
    expect(await list(undefined, "other")).toEqual([running.job.id]);
    expect(await list(["queued"], "other")).toEqual([]);
    expect(await list(["partial", "expired"])).toEqual([]);
  });

  point("jobs.private", "another's job, or a nonsense id, is null", async (fixture) => {
    const { job } = await fixture.create();
    const read = (owner: string, id: string) => fixture.store.job({ owner, id });
    expect((await read(OWNER, job.id))?.id).toBe(job.id);
    expect(await read("other", job.id)).toBeNull();
    for (const id of [newId(), "", "nonsense", "-".repeat(36), `${job.id}.0`]) {
      expect(await read(OWNER, id)).toBeNull();
    }
  });

  point("items.pages", "items are read by index, page by page and by state", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 7, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item % 3 === 1 ? failure({ retryable: false }) : success()));
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
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const command = await fixture.command({ files: 1, plan: [each("work"), all("gather")] });
      const attachment = { ...(await fixture.upload()), artifactId: `${command.id}.option.mark` };
      const { job, deliveries } = accepted(await store.createJob({ ...command, attachments: [attachment] }));
      worker.hand({ deliveries });
      const output = { ...(await fixture.upload()), artifactId: `${job.id}.0.2.0` };
      const zip = { ...(await fixture.upload()), artifactId: `${job.id}.all.1.0`, name: "all.zip" };
      await worker.work(({ task }) => success({ outputs: [task.item < 0 ? zip : output] }));
      for (const file of [command.items[0]!.input!, attachment, output, zip]) {
        const found = await store.artifact({ owner: OWNER, id: file.artifactId });
        expect(found).toEqual({ ...file, jobId: job.id });
        expect(await store.artifact({ owner: "other", id: file.artifactId })).toBeNull();
      }
      expect(await store.artifact({ owner: OWNER, id: `${job.id}.0.9.9` })).toBeNull();
      expect(await store.artifact({ owner: OWNER, id: `${job.id}.5.1.0` })).toBeNull();
    },
  );

  point("health.answers", "health resolves while the records can be read", async (fixture) => {
    await fixture.store.health();
  });

  point("pages.size", "a page is bounded by its size, and only an empty one is the end", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const large = "x".repeat(50_000);
    const items = 30;
    const { job, deliveries } = await fixture.create({ files: items });
    worker.hand({ deliveries });
    for (let n = 0; n < items; n++) await worker.succeed(await worker.take(), { result: large });
    for (let n = 0; n < items; n++) await fixture.create({ options: { large } });
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
