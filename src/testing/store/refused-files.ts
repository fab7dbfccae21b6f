import { expect } from "vitest";
import type { CreateJob, NewItem } from "../../domain/commands.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { failure } from "./manual-worker.ts";

const error = { code: "unsupported_media", message: '"a.pdf" is not accepted.' };
const invalid: NewItem = { name: "a.pdf", error };

/** A job whose first item is refused, before `files` others. */
async function create(fixture: StoreFixture, files: number, parts: Partial<CreateJob> = {}) {
  const command = await fixture.command({ files, ...parts });
  return accepted(await fixture.store.createJob({ ...command, items: [invalid, ...command.items] }));
}

export function refusedFilePoints(point: DefinePoint<StoreFixture>): void {
  point(
    "refused-files.one",
    "an item whose file is refused has failed from the start; the others run",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const { job, items, deliveries } = await create(fixture, 2);
      expect(job).toMatchObject({ state: "queued", total: 3, remaining: 2, failed: 1 });
      expect(items[0]).toMatchObject({ state: "refused", name: "a.pdf", input: null, inputs: [], error });
      expect(deliveries.map((one) => one.taskId)).toEqual([`${job.id}.1`, `${job.id}.2`]);
      worker.hand({ deliveries });
      await worker.work();
      expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
        state: "partial",
        done: 2,
        failed: 1,
      });
      const [first] = await store.items({ jobId: job.id, limit: 10, states: ["refused"] });
      expect(first).toMatchObject({ item: 0, error, attempt: 0 });
      const types = await typesOf(store, job.id);
      expect(types.slice(0, 2)).toEqual(["job.created", "item.failed"]);
      expect(types.at(-1)).toBe("job.partial");
    },
  );

  point("refused-files.all", "a job of nothing but refused files has failed at once", async (fixture) => {
    for (const plan of [[each("work")], [each("work"), all("gather")], [all("gather")]]) {
      const { job, deliveries } = await create(fixture, 0, { plan });
      expect([job.state, job.failed, deliveries]).toEqual(["failed", 1, []]);
      expect(await typesOf(fixture.store, job.id)).toEqual(["job.created", "item.failed", "job.failed"]);
    }
  });

  point(
    "refused-files.gather",
    "an all step runs over the others unless it needs every item",
    async (fixture) => {
      const worker = await fixture.worker();
      for (const needs of ["some", "every"] as const) {
        for (const plan of [[each("work"), all("gather", { needs })], [all("gather", { needs })]]) {
          const { job, deliveries } = await create(fixture, 1, { plan });
          worker.hand({ deliveries });
          await worker.work();
          const ended = await fixture.store.job({ owner: OWNER, id: job.id });
          expect([ended!.state, ended!.done, ended!.failed]).toEqual([
            needs === "some" ? "partial" : "failed",
            1,
            1,
          ]);
        }
      }
    },
  );

  point("refused-files.retry", "a retry runs what failed, never what was refused", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const retry = (id: string, items?: number[]) =>
      store.reopenJob({ owner: OWNER, id, items, now: fixture.now() });
    const { job, deliveries } = await create(fixture, 1);
    worker.hand({ deliveries });
    await worker.work(() => failure({ retryable: false }));
    expect(refused(await retry(job.id, [0]))).toBe("job_not_retryable");
    const reopened = accepted(await retry(job.id));
    expect(reopened.items).toBe(1);
    worker.hand(reopened);
    await worker.work();
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "partial",
      done: 1,
      failed: 1,
      run: 2,
    });
    expect(refused(await retry(job.id))).toBe("job_not_retryable");
  });

  point("refused-files.operators", "operators see no dead letter of a refused file", async (fixture) => {
    const { store } = fixture;
    await fixture.worker();
    const { job } = await create(fixture, 0);
    expect(await store.deadLetters({ limit: 10 })).toEqual([]);
    const queues = await store.queues({ now: fixture.now() });
    for (const { dead, drainRate } of queues) expect([dead, drainRate]).toEqual([0, 0]);
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.job({ owner: OWNER, id: job.id })).toBeNull();
  });

  point("refused-files.cancel", "cancelling leaves it failed", async (fixture) => {
    const { store } = fixture;
    const { job } = await create(fixture, 1);
    accepted(await store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({
      state: "cancelled",
      failed: 1,
      cancelled: 1,
    });
  });
}
