import { expect } from "vitest";
import { itemView } from "../../domain/job-views.ts";
import { warningsOf } from "../../domain/views.ts";
import type { DefinePoint } from "../points.ts";
import { all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { logOf } from "./log.ts";
import { failure, success } from "./manual-worker.ts";

const pages = { code: "pages_left_out", message: "2 pages were left out:\n the format has no pages — 쪽." };
const profile = { code: "profile_dropped", message: "The color profile was dropped." };
const gathered = { code: "few_items", message: "Only one item was there." };

export function warningPoints(point: DefinePoint<StoreFixture>): void {
  point(
    "warnings.kept",
    "an item keeps the warnings of its steps, and its event has them",
    async (fixture) => {
      const worker = await fixture.worker();
      const plan = [each("work"), each("second")];
      const { job, deliveries } = await fixture.create({ plan, files: 1 });
      worker.hand({ deliveries });
      await worker.work(({ task }) => success({ warnings: [[pages], [profile]][task.step] }));
      const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
      expect(warningsOf(item!)).toEqual([pages, profile]);
      expect(item!.trail.map((entry) => entry.warnings)).toEqual([[pages], [profile]]);
      expect(itemView(job, item!).warnings).toEqual([pages, profile]);
      const log = await logOf(fixture.store);
      expect(log.find((event) => event.type === "item.succeeded")!.data.warnings).toEqual([pages, profile]);
      expect((await fixture.store.job({ owner: OWNER, id: job.id }))!.warnings).toEqual([]);
    },
  );

  point("warnings.attempt", "an attempt that failed leaves none behind", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ plan: [each("work"), each("second")] });
    worker.hand({ deliveries });
    await worker.work(({ task }) =>
      task.step === 0 ? success({ warnings: [pages] }) : failure({ retryable: false }),
    );
    const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
    expect([item!.state, warningsOf(item!)]).toEqual(["dead", [pages]]);
  });

  point("warnings.cached", "a cache hit warns of the same, however often it is hit", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work", { cacheKey: "warned" })];
    const items = [{ name: "a", input: await fixture.upload("same") }];
    worker.hand(await fixture.create({ plan, items }));
    await worker.work(() => success({ warnings: [pages, profile] }));
    for (let hit = 1; hit <= 2; hit++) {
      const { job } = await fixture.create({ plan, items });
      expect(job.cached).toBe(1);
      const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
      expect(warningsOf(item!)).toEqual([pages, profile]);
    }
  });

  point("warnings.job", "those of `all` steps are the job's, until they run anew", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await fixture.create({ plan, files: 2 });
    const kept = async () => (await fixture.store.job({ owner: OWNER, id: job.id }))!.warnings;
    worker.hand({ deliveries });
    await worker.work(({ task }) => {
      if (task.item === 1) return failure({ retryable: false });
      return success({ warnings: [[pages], [gathered], [profile]][task.step] });
    });
    expect(await kept()).toEqual([gathered, profile]);
    const log = await logOf(fixture.store);
    expect(log.at(-1)).toMatchObject({ type: "job.partial", data: { warnings: [gathered, profile] } });
    const reopened = await fixture.store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() });
    if (!reopened.ok) throw new Error(reopened.message);
    expect(await kept()).toEqual([]);
    worker.hand(reopened);
    await worker.work(({ task }) => success({ warnings: task.step === 2 ? [profile] : [] }));
    expect(await kept()).toEqual([profile]);
  });
}
