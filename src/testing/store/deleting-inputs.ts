import { expect } from "vitest";
import type { FileRef } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { failure, success } from "./manual-worker.ts";

export function deleteInputPoints(point: DefinePoint<StoreFixture>): void {
  point("inputs.deleted", "inputs go when their job has succeeded, and outputs stay", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const [input, same, data] = [await fixture.upload(), await fixture.upload(), await fixture.upload()];
    const { job, deliveries } = await fixture.create({
      deleteInputs: true,
      plan: [each("work"), all("gather")],
      items: [
        { name: "a", input: { ...input, artifactId: "in" } },
        { name: "b", input: same },
        { name: "c", data: { value: null, file: data } },
        { name: "d", data: { value: { secret: 1 }, file: null } },
      ],
      pinned: [input.blob, same.blob, data.blob],
    });
    worker.hand({ deliveries });
    const written = await fixture.upload();
    const outputs = [[written], [same], [], []];
    await worker.work(({ task }) => success({ outputs: outputs[task.item] ?? [] }));
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "succeeded" });
    const items = await store.items({ jobId: job.id, limit: 10 });
    expect(items.map((item) => [item.input?.deleted, item.dataFile?.deleted, item.data])).toEqual([
      [true, undefined, null],
      [undefined, undefined, null],
      [undefined, true, null],
      [undefined, undefined, null],
    ]);
    fixture.pass(2 * 3_600_000);
    const collected = await store.collect({ now: fixture.now(), limit: 10 });
    expect(collected.sort()).toEqual([input.blob, data.blob].sort());
  });

  point("inputs.passed", "inputs that only an `all` step has read go, too", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const input = await fixture.upload();
    const { job, deliveries } = await fixture.create({
      deleteInputs: true,
      plan: [all("gather")],
      items: [{ name: "a", input: { ...input, artifactId: "in" } }],
      pinned: [input.blob],
    });
    worker.hand({ deliveries });
    await worker.work();
    const [item] = await store.items({ jobId: job.id, limit: 10 });
    expect([item!.input?.deleted, item!.outputs.map(({ deleted }) => deleted)]).toEqual([true, [true]]);
    fixture.pass(2 * 3_600_000);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([input.blob]);
  });

  point(
    "inputs.kept",
    "a job that failed in part keeps its inputs for a retry, and then they go",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      const { job, deliveries } = await fixture.create({ files: 2, deleteInputs: true });
      worker.hand({ deliveries });
      await worker.work(({ task }) => (task.item === 0 ? failure({ retryable: false }) : undefined));
      const inputs = async () =>
        (await store.items({ jobId: job.id, limit: 10 })).map((item) => item.input?.deleted ?? false);
      expect(await inputs()).toEqual([false, false]);
      worker.hand(accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
      await worker.work();
      expect(await inputs()).toEqual([true, true]);
    },
  );

  point("inputs.shared", "a file that another job has too stays for that one", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const input = await fixture.upload();
    const items = [{ name: "a", input }];
    const other = await fixture.create({ items });
    worker.hand(await fixture.create({ items, deleteInputs: true, pinned: [input.blob] }));
    await worker.succeed(await worker.take());
    fixture.pass(2 * 3_600_000);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    accepted(await store.removeJob({ owner: OWNER, id: other.job.id, now: fixture.now() }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([input.blob]);
  });

  point(
    "inputs.unordered",
    "where it does not count, items in another order are the same",
    async (fixture) => {
      const worker = await fixture.worker();
      const files = [await fixture.upload("a"), await fixture.upload("b")];
      const run = async (unordered: boolean, order: typeof files) => {
        const plan = [all("gather", { cacheKey: `k${unordered}`, unordered })];
        const items = order.map((input) => ({ name: "x", input }));
        const made = await fixture.create({ plan, items });
        worker.hand(made);
        return worker.work();
      };
      expect(await run(true, files)).toBe(1);
      expect(await run(true, files.toReversed())).toBe(0);
      expect(await run(false, files)).toBe(1);
      expect(await run(false, files.toReversed())).toBe(1);
    },
  );

  point(
    "inputs.reversed",
    "items in reverse order are the same under the options that the step names for it",
    async (fixture) => {
      const worker = await fixture.worker();
      const files = [await fixture.upload("a"), await fixture.upload("b"), await fixture.upload("c")];
      const run = async (cacheKey: string, reversedKey: string, order: typeof files) => {
        const plan = [all("gather", { cacheKey, reversedKey })];
        worker.hand(await fixture.create({ plan, items: order.map((input) => ({ name: "x", input })) }));
        return worker.work();
      };
      expect(await run("first", "last", files)).toBe(1);
      expect(await run("last", "first", files.toReversed())).toBe(0);
      // The same options with another order, or the reverse, do not match.
      expect(await run("first", "last", files.toReversed())).toBe(1);
      expect(await run("last", "first", files)).toBe(0);
      const [a, b, c] = files as [FileRef, FileRef, FileRef];
      expect(await run("first", "last", [b, a, c])).toBe(1);
      // If the items are equal, both orders are the same.
      expect(await run("first", "last", [a, a])).toBe(1);
      expect(await run("last", "first", [a, a])).toBe(0);
    },
  );
}
