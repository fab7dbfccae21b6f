import { expect } from "vitest";
import type { NewItem } from "../../domain/commands.ts";
import type { Json } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, each, OWNER, type StoreFixture } from "./fixture.ts";
import { failure, success } from "./manual-worker.ts";

export function dataItemPoints(point: DefinePoint<StoreFixture>): void {
  point("data.records", "data comes back as it was sent, and stays with its item", async (fixture) => {
    const worker = await fixture.worker();
    const file = await fixture.upload("large");
    const items: NewItem[] = [
      item("a", { text: 'ünï "quoted" \\ 한국어', list: [1, null] }),
      { name: "b", data: { value: null, file: { ...file, artifactId: "data" } } },
    ];
    const plan = [each("work"), each("second")];
    const { job, deliveries } = await fixture.create({ items, plan, pinned: [file.blob] });
    worker.hand({ deliveries });
    await worker.work();
    const stored = await fixture.store.items({ jobId: job.id, limit: 10 });
    expect(stored.map((one) => [one.state, one.data, one.dataFile?.blob ?? null, one.input])).toEqual([
      ["succeeded", items[0]!.data!.value, null, null],
      ["succeeded", null, file.blob, null],
    ]);
    // The job refers to the file, so nothing collects it while the job has its files.
    fixture.pass(2 * 3_600_000);
    expect(await fixture.store.collect({ now: fixture.now(), limit: 10 })).not.toContain(file.blob);
  });

  point("data.cache", "equal data is computed once, other data is not", async (fixture) => {
    const worker = await fixture.worker();
    const plan = [each("work", { cacheKey: "k" }), each("second", { cacheKey: "k" })];
    const run = async (data: Json) => {
      const made = await fixture.create({ items: [item("", data)], plan });
      worker.hand(made);
      return worker.work(() => success({ result: "the same for all" }));
    };
    expect(await run({ a: 1, b: 2 })).toBe(2);
    expect(await run({ b: 2, a: 1 })).toBe(0);
    // Its second step may read the data too, though the first returned the same.
    expect(await run({ a: 1, b: 3 })).toBe(2);
  });

  point("data.retry", "a failed item runs again with its data", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ items: [item("a", [1]), item("b", [2])] });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item === 1 ? failure({ retryable: false }) : undefined));
    worker.hand(accepted(await fixture.store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
    const held = await worker.take();
    expect(held.task).toMatchObject({ item: 1, data: [2] });
  });
}

function item(name: string, value: Json): NewItem {
  return { name, data: { value, file: null } };
}
