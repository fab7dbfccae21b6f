import { expect } from "vitest";
import type { CreateJob } from "../../domain/commands.ts";
import { FETCH_STEP } from "../../domain/fetching.ts";
import type { FileRef } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { failure, type Held, success } from "./manual-worker.ts";

const url = "https://files.test/a.txt";
const fetch = each(FETCH_STEP);
const work = each("work");
const queues = [fetch.queue, "text/work", "text/gather"];

/** A job with a file to fetch, after `files` that came with it. */
async function create(fixture: StoreFixture, files: number, parts: Partial<CreateJob> = {}) {
  const command = await fixture.command({ files, plan: [fetch, work], ...parts });
  return accepted(
    await fixture.store.createJob({ ...command, items: [...command.items, { name: "a.txt", url }] }),
  );
}

/** Fetches `file`; other steps do nothing. */
function fetching(file: FileRef, seen?: (held: Held) => void) {
  return (held: Held) => {
    seen?.(held);
    const isFetch = held.job.plan[held.task.step]!.name === FETCH_STEP;
    return success(isFetch ? { outputs: [{ ...file, name: "b.txt", artifactId: `${held.taskId}.f` }] } : {});
  };
}

export function fetchPoints(point: DefinePoint<StoreFixture>): void {
  point("fetching.input", "what was fetched is the item's file from then on", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ queues });
    const file = await fixture.upload("fetched");
    const { job, deliveries, items } = await create(fixture, 1);
    expect(items.map((item) => [item.step, item.url, item.input?.name ?? null])).toEqual([
      [1, null, "file-0.txt"],
      [0, url, null],
    ]);
    expect(deliveries.map((one) => one.queue)).toEqual(["text/work", fetch.queue]);
    worker.hand({ deliveries });
    const inputs: string[][] = [];
    await worker.work(
      fetching(file, ({ task }) => inputs.push([task.name, ...task.inputs.map((one) => one.sha256)])),
    );
    expect(inputs.at(-1)).toEqual(["b.txt", file.sha256]);
    const [, item] = await store.items({ jobId: job.id, limit: 10 });
    expect(item).toMatchObject({ state: "succeeded", name: "b.txt", url, cached: false });
    expect(item!.input).toMatchObject({ sha256: file.sha256, name: "b.txt" });
    const found = await store.artifact({ owner: OWNER, id: item!.input!.artifactId });
    expect(found).toMatchObject({ sha256: file.sha256 });
    const ended = await store.job({ owner: OWNER, id: job.id });
    expect(ended).toMatchObject({ state: "succeeded", done: 2, stepsDone: 4, cached: 0 });
  });

  point("fetching.cached", "a step after it takes its result from the cache", async (fixture) => {
    const worker = await fixture.worker({ queues });
    const file = await fixture.upload("the same");
    const plan = [fetch, each("work", { cacheKey: "work" })];
    const steps: string[] = [];
    for (const cached of [0, 1]) {
      const { job, deliveries } = await create(fixture, 0, { plan });
      worker.hand({ deliveries });
      await worker.work(fetching(file, (held) => steps.push(held.job.plan[held.task.step]!.name)));
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "succeeded",
        cached,
      });
    }
    expect(steps).toEqual([FETCH_STEP, "work", FETCH_STEP]);
  });

  point(
    "fetching.gather",
    "without another each step, files that came along are done at once",
    async (fixture) => {
      const worker = await fixture.worker({ queues });
      const file = await fixture.upload("fetched");
      const { job, deliveries, items } = await create(fixture, 1, { plan: [fetch, all("gather")] });
      expect(items.map((item) => item.state)).toEqual(["succeeded", "published"]);
      expect(items[0]).toMatchObject({ cached: false, outputs: [{ name: "file-0.txt" }] });
      worker.hand({ deliveries });
      await worker.work(fetching(file));
      expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "succeeded",
        done: 2,
        stepsDone: 3,
      });
    },
  );

  point("fetching.retry", "a retry fetches what could not be fetched, and nothing else", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ queues });
    const file = await fixture.upload("fetched");
    const { job, deliveries } = await create(fixture, 1);
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.url === null ? undefined : failure({ retryable: false })));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "partial", stepsDone: 4 });
    worker.hand(accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
    const steps: string[] = [];
    await worker.work(fetching(file, (held) => steps.push(held.job.plan[held.task.step]!.name)));
    expect(steps).toEqual([FETCH_STEP, "work"]);
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded", done: 2 });
  });

  point("fetching.later", "a job with a start time fetches nothing before", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ queues });
    const { job, deliveries } = await create(fixture, 1, { startAt: fixture.now() + 60_000 });
    expect(deliveries).toEqual([]);
    fixture.pass(61_000);
    await worker.sweep();
    const file = await fixture.upload("fetched");
    await worker.work(fetching(file));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded", done: 2 });
  });

  point("fetching.cancel", "a fetch ends with its job", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker({ queues });
    const { job, deliveries } = await create(fixture, 0);
    worker.hand({ deliveries });
    const held = await worker.take();
    const cancelled = accepted(await store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(cancelled.revoked).toEqual([held.lease]);
    const file = await fixture.upload("late");
    expect(await worker.settle(held, fetching(file)(held))).toBe("stale");
  });
}
