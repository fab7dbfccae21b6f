import { expect } from "vitest";
import { itemView, warningsOf } from "../../domain/views.ts";
import type { DefinePoint } from "../points.ts";
import { failure, success } from "./crew.ts";
import { logOf } from "./log.ts";
import { all, each, OWNER, type StoreScene } from "./scene.ts";

const pages = { code: "pages_left_out", message: "2 pages were left out:\n the format has no pages — 쪽." };
const profile = { code: "profile_dropped", message: "The color profile was dropped." };
const gathered = { code: "few_items", message: "Only one item was there." };

export function warningPoints(point: DefinePoint<StoreScene>): void {
  point("warnings.kept", "an item keeps the warnings of its steps, and its event has them", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work"), each("second")];
    const { job, deliveries } = await scene.create({ plan, files: 1 });
    crew.hand({ deliveries });
    await crew.work(({ task }) => success({ warnings: [[pages], [profile]][task.step] }));
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect(warningsOf(item!)).toEqual([pages, profile]);
    expect(item!.trail.map((entry) => entry.warnings)).toEqual([[pages], [profile]]);
    expect(itemView(job, item!).warnings).toEqual([pages, profile]);
    const log = await logOf(scene.store);
    expect(log.find((event) => event.type === "item.succeeded")!.data.warnings).toEqual([pages, profile]);
    expect((await scene.store.job({ owner: OWNER, id: job.id }))!.warnings).toEqual([]);
  });

  point("warnings.attempt", "an attempt that failed leaves none behind", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ plan: [each("work"), each("second")] });
    crew.hand({ deliveries });
    await crew.work(({ task }) =>
      task.step === 0 ? success({ warnings: [pages] }) : failure({ retryable: false }),
    );
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect([item!.state, warningsOf(item!)]).toEqual(["dead", [pages]]);
  });

  point("warnings.cached", "a cache hit warns of the same, however often it is hit", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work", { cacheKey: "warned" })];
    const items = [{ name: "a", input: await scene.upload("same") }];
    crew.hand(await scene.create({ plan, items }));
    await crew.work(() => success({ warnings: [pages, profile] }));
    for (let hit = 1; hit <= 2; hit++) {
      const { job } = await scene.create({ plan, items });
      expect(job.cached).toBe(1);
      const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
      expect(warningsOf(item!)).toEqual([pages, profile]);
    }
  });

  point("warnings.job", "those of `all` steps are the job's, until they run anew", async (scene) => {
    const crew = await scene.crew();
    const plan = [each("work"), all("gather"), all("publish")];
    const { job, deliveries } = await scene.create({ plan, files: 2 });
    const kept = async () => (await scene.store.job({ owner: OWNER, id: job.id }))!.warnings;
    crew.hand({ deliveries });
    await crew.work(({ task }) => {
      if (task.item === 1) return failure({ retryable: false });
      return success({ warnings: [[pages], [gathered], [profile]][task.step] });
    });
    expect(await kept()).toEqual([gathered, profile]);
    const log = await logOf(scene.store);
    expect(log.at(-1)).toMatchObject({ type: "job.partial", data: { warnings: [gathered, profile] } });
    const reopened = await scene.store.reopenJob({ owner: OWNER, id: job.id, now: scene.now() });
    if (!reopened.ok) throw new Error(reopened.message);
    expect(await kept()).toEqual([]);
    crew.hand(reopened);
    await crew.work(({ task }) => success({ warnings: task.step === 2 ? [profile] : [] }));
    expect(await kept()).toEqual([profile]);
  });
}
