import { expect } from "vitest";
import { derivedName } from "../../domain/file-name.ts";
import { itemKey } from "../../domain/ledger/content-key.ts";
import type { FileRef } from "../../domain/records.ts";
import type { DefinePoint } from "../points.ts";
import { success } from "./crew.ts";
import { typesOf } from "./log.ts";
import { accepted, all, each, OWNER, type StoreScene } from "./scene.ts";

const plan = [each("work", { cacheKey: "scope text 1" })];

export function cachePoints(point: DefinePoint<StoreScene>): void {
  point("cache.hit", "the same content under another name is not computed again", async (scene) => {
    const crew = await scene.crew();
    const input = await scene.upload("same");
    const first = await scene.create({ plan, items: [{ name: "a.jpg", input }] });
    crew.hand(first);
    const output = { ...(await scene.upload("made")), name: "a.webp", tail: ".webp" };
    await crew.succeed(await crew.take(), { outputs: [output], result: { width: 5 } });

    const renamed = { ...input, name: "b.png", artifactId: "other" };
    const second = await scene.create({ plan, items: [{ name: "b.png", input: renamed }] });
    expect(second.deliveries).toEqual([]);
    expect(second.job).toMatchObject({ state: "succeeded", done: 1, cached: 1 });
    const [item] = await scene.store.items({ jobId: second.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", cached: true, result: { width: 5 }, attempt: 0 });
    expect(item!.outputs).toMatchObject([{ name: "b.webp", sha256: output.sha256, blob: output.blob }]);
    expect(item!.outputs[0]!.artifactId).not.toBe(output.artifactId);
    const found = await scene.store.artifact({ owner: OWNER, id: item!.outputs[0]!.artifactId });
    expect(found).toMatchObject({ blob: output.blob });
    expect(await typesOf(scene.store, second.job.id)).toEqual([
      "job.created",
      "item.succeeded",
      "job.succeeded",
    ]);
  });

  point("cache.names", "an item gets names of its own, never parts of another's", async (scene) => {
    const crew = await scene.crew();
    const names = [
      ["Mr. Smith", "Mr. Smith-1.webp"],
      ["photo.png", "photo-1.webp"],
      ["invoice.customer-name-secret", "invoice.customer-name-secret-1.webp"],
      ["제목. 그림", "제목. 그림-1.webp"],
      ["사진.jpeg", "사진-1.webp"],
    ];
    for (const [first] of names) {
      const input = await scene.upload();
      const made = { ...(await scene.upload("made")), name: derivedName(first!, "-1.webp"), tail: "-1.webp" };
      crew.hand(await scene.create({ plan, items: [{ name: first!, input }] }));
      await crew.work(() => success({ outputs: [made] }));
      for (const [second, expected] of names) {
        const { job } = await scene.create({ plan, items: [{ name: second!, input }] });
        const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
        expect([item!.cached, item!.outputs[0]!.name]).toEqual([true, expected]);
      }
    }
  });

  point("cache.own-names", "a result that the step named is for items of that name alone", async (scene) => {
    const crew = await scene.crew();
    const input = await scene.upload("same");
    const create = (name: string) => scene.create({ plan, items: [{ name, input }] });
    const named = { ...(await scene.upload("made")), name: "about a.png.txt" };
    crew.hand(await create("a.png"));
    await crew.work(() => success({ outputs: [named] }));
    expect((await create("a.png")).job.cached).toBe(1);
    const renamed = await create("b.png");
    expect(renamed.deliveries).toHaveLength(1);
    crew.hand(renamed);
    await crew.work(() => success({ outputs: [{ ...named, name: "about b.png.txt" }] }));
    const { job } = await create("b.png");
    const [item] = await scene.store.items({ jobId: job.id, limit: 1 });
    expect([item!.cached, item!.outputs[0]!.name]).toEqual([true, "about b.png.txt"]);
  });

  point("cache.mixed", "cached items and computed ones meet in one fan-in", async (scene) => {
    const crew = await scene.crew();
    const known = await scene.upload("known");
    crew.hand(await scene.create({ plan, items: [{ name: "a", input: known }] }));
    await crew.work(() => success({ result: "cached" }));
    const fresh = await scene.upload("fresh");
    const both = await scene.create({
      plan: [...plan, all("gather")],
      items: [known, fresh, known].map((input, n) => ({ name: `${n}`, input })),
    });
    expect(both.deliveries).toHaveLength(1);
    expect(both.job).toMatchObject({ done: 2, cached: 2, remaining: 1 });
    crew.hand(both);
    await crew.succeed(await crew.take(), { result: "computed" });
    const items = await scene.store.items({ jobId: both.job.id, limit: 10 });
    expect(items.map((item) => [item.result, item.cached])).toEqual([
      ["cached", true],
      ["computed", false],
      ["cached", true],
    ]);
    const whole = await scene.create({
      plan: [...plan, all("gather")],
      items: [{ name: "x", input: known }],
    });
    expect(whole.deliveries.map((one) => one.taskId)).toEqual([`${whole.job.id}.all`]);
  });

  point("cache.scope", "another scope, version or option is another key", async (scene) => {
    const crew = await scene.crew();
    const input = await scene.upload("same");
    crew.hand(await scene.create({ plan, items: [{ name: "a", input }] }));
    await crew.work();
    const other = [each("work", { cacheKey: "other text 1" })];
    expect((await scene.create({ plan: other, items: [{ name: "a", input }] })).deliveries).toHaveLength(1);
    const never = [each("work")];
    expect((await scene.create({ plan: never, items: [{ name: "a", input }] })).deliveries).toHaveLength(1);
    const keys = [
      itemKey(plan[0]!, { inputs: [input], previous: null, previousFile: null })!,
      itemKey(other[0]!, { inputs: [input], previous: null, previousFile: null })!,
    ];
    expect(await scene.store.countCached({ keys })).toBe(1);
    expect(await scene.store.countCached({ keys: [] })).toBe(0);
  });

  point("cache.fallback", "failures and fallbacks are not kept", async (scene) => {
    const crew = await scene.crew();
    const input = await scene.upload("same");
    const create = () => scene.create({ plan, items: [{ name: "a", input }] });
    crew.hand(await create());
    await crew.succeed(await crew.take(), { cache: false, result: "fallback" });
    crew.hand(await create());
    await crew.fail(await crew.take(), { retryable: false });
    const stale = await create();
    crew.hand(stale);
    const held = await crew.take();
    scene.pass(11_000);
    await crew.sweep();
    await crew.succeed(held, { result: "stale" });
    expect((await create()).deliveries).toHaveLength(1);
  });

  point("cache.chain", "each step is looked up when it is reached", async (scene) => {
    const crew = await scene.crew();
    const steps = [plan[0]!, each("second", { cacheKey: "second" })];
    const output: FileRef = { ...(await scene.upload("made")), tail: ".txt" };
    const first = await scene.create({
      plan: steps,
      items: [{ name: "a", input: await scene.upload("one") }],
    });
    crew.hand(first);
    await crew.work(({ task }) =>
      success(task.step === 0 ? { outputs: [output], result: 1 } : { result: 2 }),
    );
    // Another input whose first step makes the same: the second step need not run.
    const other = await scene.create({
      plan: steps,
      items: [{ name: "b", input: await scene.upload("two") }],
    });
    crew.hand(other);
    const held = await crew.take();
    await crew.succeed(held, { outputs: [output], result: 1 });
    expect(crew.deliveries).toEqual([]);
    const [item] = await scene.store.items({ jobId: other.job.id, limit: 1 });
    expect(item).toMatchObject({ state: "succeeded", result: 2, cached: false });
    expect(item!.trail.map((entry) => entry.cached)).toEqual([false, true]);
    const whole = await scene.create({
      plan: steps,
      items: [{ name: "c", input: await scene.upload("one") }],
    });
    expect(whole.job).toMatchObject({ state: "succeeded", cached: 1, stepsDone: 2 });
  });

  point("cache.all", "an all step over the same items is not computed again", async (scene) => {
    const crew = await scene.crew();
    const steps = [plan[0]!, all("gather", { cacheKey: "gather" }), all("publish")];
    const items = [{ name: "a", input: await scene.upload("one") }];
    const zip = { ...(await scene.upload("zip")), name: "all.zip" };
    crew.hand(await scene.create({ plan: steps, items }));
    await crew.work(({ task }) => success(task.step === 1 ? { outputs: [zip], result: "zipped" } : {}));
    const again = await scene.create({ plan: steps, items });
    expect(again.deliveries).toHaveLength(1);
    crew.hand(again);
    const held = await crew.take();
    expect(held.task).toMatchObject({ step: 2, previous: "zipped" });
  });

  point("cache.ends", "an entry lives as long as the last job that used it", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const input = await scene.upload("same");
    const items = [{ name: "a", input }];
    const output = await scene.upload("made");
    crew.hand(await scene.create({ plan, items, retentionMs: 1_000 }));
    await crew.work(() => success({ outputs: [output] }));
    const second = await scene.create({ plan, items, retentionMs: 1_000_000 });
    expect(second.job.cached).toBe(1);
    const tidy = () => store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
    scene.pass(2_000);
    await tidy();
    const third = await scene.create({ plan, items, retentionMs: 1_000 });
    expect(third.job.cached).toBe(1);
    accepted(await store.removeJob({ owner: OWNER, id: second.job.id, now: scene.now() }));
    expect((await scene.create({ plan, items, retentionMs: 1_000 })).job.cached).toBe(1);
    scene.pass(2_000);
    await tidy();
    expect((await scene.create({ plan, items })).deliveries).toHaveLength(1);
  });

  point("cache.gone", "an entry whose files were collected is no hit", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const items = [{ name: "a", input: await scene.upload("same") }];
    const first = await scene.create({ plan, items });
    crew.hand(first);
    const output = await scene.upload("made");
    await crew.work(() => success({ outputs: [output] }));
    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: scene.now() }));
    scene.pass(4_000_000);
    const keys = await store.collect({ now: scene.now(), limit: 100 });
    expect(keys).toContain(output.blob);
    const again = await scene.create({ plan, items: [{ name: "a", input: await scene.upload("same") }] });
    expect(again.deliveries).toHaveLength(1);
  });
}
