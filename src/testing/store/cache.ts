import { expect } from "vitest";
import { derivedName } from "../../domain/file-name.ts";
import { itemKey, keyPrefix } from "../../domain/ledger/content-key.ts";
import type { FileRef, Json } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { typesOf } from "./log.ts";
import { success } from "./manual-worker.ts";

const plan = [each("work", { cacheKey: "scope text 1" })];

export function cachePoints(point: DefinePoint<StoreFixture>): void {
  point("cache.hit", "the same content under another name is not computed again", async (fixture) => {
    const worker = await fixture.worker();
    const input = await fixture.upload("same");
    const first = await fixture.create({ plan, items: [{ name: "a.jpg", input }] });
    worker.hand(first);
    const output = { ...(await fixture.upload("made")), name: "a.webp", tail: ".webp" };
    await worker.succeed(await worker.take(), { outputs: [output], result: { width: 5 } });

    const renamed = { ...input, name: "b.png", artifactId: "other" };
    const second = await fixture.create({ plan, items: [{ name: "b.png", input: renamed }] });
    expect(second.deliveries).toEqual([]);
    expect(second.job).toMatchObject({ state: "succeeded", done: 1, cached: 1 });
    const [item] = await fixture.store.items({ jobId: second.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", cached: true, result: { width: 5 }, attempt: 0 });
    expect(item!.outputs).toMatchObject([{ name: "b.webp", sha256: output.sha256, blob: output.blob }]);
    expect(item!.outputs[0]!.artifactId).not.toBe(output.artifactId);
    const found = await fixture.store.artifact({ owner: OWNER, id: item!.outputs[0]!.artifactId });
    expect(found).toMatchObject({ blob: output.blob });
    expect(await typesOf(fixture.store, second.job.id)).toEqual([
      "job.created",
      "item.succeeded",
      "job.succeeded",
    ]);
  });

  point("cache.names", "an item gets names of its own, never parts of another's", async (fixture) => {
    const worker = await fixture.worker();
    const names = [
      ["Mr. Smith", "Mr. Smith-1.webp"],
      ["photo.png", "photo-1.webp"],
      ["invoice.customer-name-secret", "invoice.customer-name-secret-1.webp"],
      ["제목. 그림", "제목. 그림-1.webp"],
      ["사진.jpeg", "사진-1.webp"],
    ];
    for (const [first] of names) {
      const input = await fixture.upload();
      const made = {
        ...(await fixture.upload("made")),
        name: derivedName(first!, "-1.webp"),
        tail: "-1.webp",
      };
      worker.hand(await fixture.create({ plan, items: [{ name: first!, input }] }));
      await worker.work(() => success({ outputs: [made] }));
      for (const [second, expected] of names) {
        const { job } = await fixture.create({ plan, items: [{ name: second!, input }] });
        const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
        expect([item!.cached, item!.outputs[0]!.name]).toEqual([true, expected]);
      }
    }
  });

  point(
    "cache.own-names",
    "a result that the step named is for items of that name alone",
    async (fixture) => {
      const worker = await fixture.worker();
      const input = await fixture.upload("same");
      const create = (name: string) => fixture.create({ plan, items: [{ name, input }] });
      const named = { ...(await fixture.upload("made")), name: "about a.png.txt" };
      worker.hand(await create("a.png"));
      await worker.work(() => success({ outputs: [named] }));
      expect((await create("a.png")).job.cached).toBe(1);
      const renamed = await create("b.png");
      expect(renamed.deliveries).toHaveLength(1);
      worker.hand(renamed);
      await worker.work(() => success({ outputs: [{ ...named, name: "about b.png.txt" }] }));
      const { job } = await create("b.png");
      const [item] = await fixture.store.items({ jobId: job.id, limit: 1 });
      expect([item!.cached, item!.outputs[0]!.name]).toEqual([true, "about b.png.txt"]);
    },
  );

  point("cache.mixed", "cached items and computed ones meet in one fan-in", async (fixture) => {
    const worker = await fixture.worker();
    const known = await fixture.upload("known");
    worker.hand(await fixture.create({ plan, items: [{ name: "a", input: known }] }));
    await worker.work(() => success({ result: "cached" }));
    const fresh = await fixture.upload("fresh");
    const both = await fixture.create({
      plan: [...plan, all("gather")],
      items: [known, fresh, known].map((input, n) => ({ name: `${n}`, input })),
    });
    expect(both.deliveries).toHaveLength(1);
    expect(both.job).toMatchObject({ done: 2, cached: 2, remaining: 1 });
    worker.hand(both);
    await worker.succeed(await worker.take(), { result: "computed" });
    const items = await fixture.store.items({ jobId: both.job.id, limit: 10 });
    expect(items.map((item) => [item.result, item.cached])).toEqual([
      ["cached", true],
      ["computed", false],
      ["cached", true],
    ]);
    const whole = await fixture.create({
      plan: [...plan, all("gather")],
      items: [{ name: "x", input: known }],
    });
    expect(whole.deliveries.map((one) => one.taskId)).toEqual([`${whole.job.id}.all`]);
  });

  point("cache.scope", "another scope, version or option is another key", async (fixture) => {
    const worker = await fixture.worker();
    const input = await fixture.upload("same");
    worker.hand(await fixture.create({ plan, items: [{ name: "a", input }] }));
    await worker.work();
    const other = [each("work", { cacheKey: "other text 1" })];
    expect((await fixture.create({ plan: other, items: [{ name: "a", input }] })).deliveries).toHaveLength(1);
    const never = [each("work")];
    expect((await fixture.create({ plan: never, items: [{ name: "a", input }] })).deliveries).toHaveLength(1);
    const read = { options: null, previous: null, previousFile: null, data: null, dataFile: null };
    const keys = [
      itemKey(plan[0]!, { ...read, inputs: [input] })!,
      itemKey(other[0]!, { ...read, inputs: [input] })!,
    ];
    expect(await fixture.store.countCached({ keys })).toBe(1);
    expect(await fixture.store.countCached({ keys: [] })).toBe(0);
  });

  point(
    "cache.own-options",
    "an item's own options are kept, and count in place of its job's",
    async (fixture) => {
      const worker = await fixture.worker();
      const input = await fixture.upload("same");
      const stepWith = (options: Json) => {
        const code = {
          scope: "me",
          pipeline: "text",
          pipelineVersion: 1,
          step: "work",
          stepVersion: "1",
          tools: {},
        };
        return [each("work", { cacheKey: keyPrefix(code, options, {}) })];
      };
      worker.hand(await fixture.create({ plan: stepWith({ width: 1 }), items: [{ name: "a", input }] }));
      await worker.work(() => success({ result: "narrow" }));
      const options = { value: { width: 1 } };
      const items = [
        { name: "a", input, options },
        { name: "b", input },
      ];
      const mixed = await fixture.create({ plan: stepWith({ width: 2 }), items });
      expect(mixed.deliveries).toHaveLength(1);
      worker.hand(mixed);
      const held = await worker.take();
      expect(held.task).toMatchObject({ item: 1, options: null });
      await worker.succeed(held, { result: "wide" });
      const found = await fixture.store.items({ jobId: mixed.job.id, limit: 10 });
      expect(found.map(({ result, cached, options }) => ({ result, cached, options }))).toEqual([
        { result: "narrow", cached: true, options },
        { result: "wide", cached: false, options: null },
      ]);
      const file = { value: { seal: { artifactId: "x" } }, content: { seal: { sha256: "s" } } };
      const own = { plan: stepWith({}), items: [{ name: "a", input, options: file }] };
      worker.hand(await fixture.create(own));
      const first = await worker.take();
      expect(first.task.options).toEqual(file);
      await worker.succeed(first, { result: "sealed" });
      const sealed = stepWith({ seal: { sha256: "s" } });
      expect((await fixture.create({ plan: sealed, items: [{ name: "a", input }] })).job.cached).toBe(1);
    },
  );

  point("cache.fallback", "failures and fallbacks are not kept", async (fixture) => {
    const worker = await fixture.worker();
    const input = await fixture.upload("same");
    const create = () => fixture.create({ plan, items: [{ name: "a", input }] });
    worker.hand(await create());
    await worker.succeed(await worker.take(), { cache: false, result: "fallback" });
    worker.hand(await create());
    await worker.fail(await worker.take(), { retryable: false });
    const stale = await create();
    worker.hand(stale);
    const held = await worker.take();
    fixture.pass(11_000);
    await worker.sweep();
    await worker.succeed(held, { result: "stale" });
    expect((await create()).deliveries).toHaveLength(1);
  });

  point("cache.chain", "each step is looked up when it is reached", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [plan[0]!, each("second", { cacheKey: "second" })];
    const output: FileRef = { ...(await fixture.upload("made")), tail: ".txt" };
    const first = await fixture.create({
      plan: steps,
      items: [{ name: "a", input: await fixture.upload("one") }],
    });
    worker.hand(first);
    await worker.work(({ task }) =>
      success(task.step === 0 ? { outputs: [output], result: 1 } : { result: 2 }),
    );
    // Another input whose first step gives the same result, so the second step need not run.
    const other = await fixture.create({
      plan: steps,
      items: [{ name: "b", input: await fixture.upload("two") }],
    });
    worker.hand(other);
    const held = await worker.take();
    await worker.succeed(held, { outputs: [output], result: 1 });
    expect(worker.deliveries).toEqual([]);
    const [item] = await fixture.store.items({ jobId: other.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", result: 2, cached: false });
    expect(item!.trail.map((entry) => entry.cached)).toEqual([false, true]);
    const whole = await fixture.create({
      plan: steps,
      items: [{ name: "c", input: await fixture.upload("one") }],
    });
    expect(whole.job).toMatchObject({ state: "succeeded", cached: 1, stepsDone: 2 });
  });

  point("cache.all", "an all step over the same items is not computed again", async (fixture) => {
    const worker = await fixture.worker();
    const steps = [plan[0]!, all("gather", { cacheKey: "gather" }), all("publish")];
    const items = [{ name: "a", input: await fixture.upload("one") }];
    const zip = { ...(await fixture.upload("zip")), name: "all.zip" };
    worker.hand(await fixture.create({ plan: steps, items }));
    await worker.work(({ task }) => success(task.step === 1 ? { outputs: [zip], result: "zipped" } : {}));
    const again = await fixture.create({ plan: steps, items });
    expect(again.deliveries).toHaveLength(1);
    worker.hand(again);
    const held = await worker.take();
    expect(held.task).toMatchObject({ step: 2, previous: "zipped" });
  });

  point("cache.ends", "an entry lives as long as the last job that used it", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const input = await fixture.upload("same");
    const items = [{ name: "a", input }];
    const output = await fixture.upload("made");
    worker.hand(await fixture.create({ plan, items, retentionMs: 1_000 }));
    await worker.work(() => success({ outputs: [output] }));
    const second = await fixture.create({ plan, items, retentionMs: 1_000_000 });
    expect(second.job.cached).toBe(1);
    const tidy = () => store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    fixture.pass(2_000);
    await tidy();
    const third = await fixture.create({ plan, items, retentionMs: 1_000 });
    expect(third.job.cached).toBe(1);
    accepted(await store.removeJob({ owner: OWNER, id: second.job.id, now: fixture.now() }));
    expect((await fixture.create({ plan, items, retentionMs: 1_000 })).job.cached).toBe(1);
    fixture.pass(2_000);
    await tidy();
    expect((await fixture.create({ plan, items })).deliveries).toHaveLength(1);
  });

  point("cache.gone", "an entry whose files were collected is no hit", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const items = [{ name: "a", input: await fixture.upload("same") }];
    const first = await fixture.create({ plan, items });
    worker.hand(first);
    const output = await fixture.upload("made");
    await worker.work(() => success({ outputs: [output] }));
    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: fixture.now() }));
    fixture.pass(4_000_000);
    const keys = await store.collect({ now: fixture.now(), limit: 100 });
    expect(keys).toContain(output.blob);
    const again = await fixture.create({ plan, items: [{ name: "a", input: await fixture.upload("same") }] });
    expect(again.deliveries).toHaveLength(1);
  });
}
