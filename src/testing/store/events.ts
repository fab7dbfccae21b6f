import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { logOf, typesOf } from "./log.ts";
import { failure } from "./manual-worker.ts";

export function eventPoints(point: DefinePoint<StoreFixture>): void {
  point("events.gapless", "an owner's numbers have no gap and no repeat, whoever writes", async (fixture) => {
    const stores = [fixture.store, await fixture.open(), await fixture.open()];
    const workers = await Promise.all(stores.map((store) => fixture.worker({ store })));
    const owners = ["a", "b", "c"];
    let reading = true;
    const seen: number[] = [];
    // A reader that follows the log during writes must never see a number before a smaller one.
    const reader = (async () => {
      while (reading || seen.length === 0) {
        const page = await fixture.store.events({ owner: "a", after: seen.at(-1) ?? 0, limit: 50 });
        seen.push(...page.map((event) => event.seq));
      }
    })();
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const worker = workers[n % 3]!;
        const store = stores[n % 3]!;
        const command = await fixture.command({ owner: owners[n % owners.length]!, files: 3 });
        const made = await store.createJob(command);
        if (!made.ok) throw new Error(made.code);
        for (const delivery of made.deliveries) {
          const claim = await worker.claim(delivery);
          if (claim.claimed)
            await worker.succeed({ ...claim, taskId: delivery.taskId, lease: claim.task.lease! });
        }
      }),
    );
    reading = false;
    await reader;
    for (const owner of owners) expect(await logOf(fixture.store, owner)).toHaveLength(90);
    expect(seen).toEqual(seen.map((_, n) => n + 1));
  });

  point("events.ends", "the ends of logs are known, of some owners and page by page", async (fixture) => {
    const { store } = fixture;
    for (const owner of ["c", "a", "b", "a"]) await store.createJob(await fixture.command({ owner }));
    const ends = await Promise.all(
      ["a", "b", "c"].map(async (owner) => ({ owner, last: (await store.logBounds({ owner })).last })),
    );
    expect(await store.logEnds({ after: "", limit: 2 })).toEqual(ends.slice(0, 2));
    expect(await store.logEnds({ after: "b", limit: 2 })).toEqual(ends.slice(2));
    const some = await store.logEnds({ owners: ["c", "a", "nobody"] });
    expect(some.toSorted((one, other) => (one.owner < other.owner ? -1 : 1))).toEqual([ends[0], ends[2]]);
  });

  point("events.order", "a job's log tells its story in order", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    await worker.fail(await worker.take());
    fixture.pass(10_000);
    await worker.sweep();
    await worker.work();
    expect(await typesOf(fixture.store, job.id)).toEqual([
      "job.created",
      "job.started",
      "item.started",
      "item.retrying",
      "item.started",
      "item.succeeded",
      "job.succeeded",
    ]);
  });

  point("events.contents", "events tell what clients may see, and no physical keys", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1 });
    worker.hand({ deliveries });
    const output = await fixture.upload();
    await worker.succeed(await worker.take(), { outputs: [output], result: { secret: 1 } });
    const events = await fixture.store.events({ owner: OWNER, after: 0, limit: 50 });
    const done = events.find((event) => event.type === "item.succeeded")!;
    expect(done).toMatchObject({
      jobId: job.id,
      owner: OWNER,
      at: fixture.now(),
      data: { index: 0, name: "file-0.txt", state: "succeeded", progress: { total: 1, done: 1 } },
    });
    expect(JSON.stringify(events)).not.toContain(output.blob);
    expect(JSON.stringify(events)).toContain(output.artifactId);
  });

  point("events.pages", "the log is read after a number, and for one job", async (fixture) => {
    const worker = await fixture.worker();
    const [one, two] = [await fixture.create({ files: 2 }), await fixture.create({ files: 2 })];
    worker.hand(one);
    worker.hand(two);
    await worker.work(() => failure({ retryable: false }));
    const whole = await logOf(fixture.store);
    const page = await fixture.store.events({ owner: OWNER, after: 3, limit: 4 });
    expect(page).toEqual(whole.slice(3, 7));
    expect(await fixture.store.events({ owner: OWNER, after: whole.length, limit: 4 })).toEqual([]);
    const mine = await fixture.store.events({ owner: OWNER, after: 1, limit: 100, jobId: two.job.id });
    expect(mine).toEqual(whole.filter((event) => event.jobId === two.job.id && event.seq > 1));
    expect(await fixture.store.events({ owner: "other", after: 0, limit: 9 })).toEqual([]);
    expect(await fixture.store.events({ owner: "other", after: 0, limit: 9, jobId: one.job.id })).toEqual([]);
    expect(await fixture.store.logBounds({ owner: OWNER })).toEqual({ first: 1, last: whole.length });
    expect(await fixture.store.logBounds({ owner: "other" })).toEqual({ first: 0, last: 0 });
  });

  point("events.anywhere", "a page of the log may begin and end anywhere", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 60 });
    const jobs = [await fixture.create({ files: 110 }), await fixture.create({ files: 130 })];
    for (const job of jobs) worker.hand(job);
    const held = [];
    for (let n = 0; n < 240; n++) held.push(await worker.take());
    await Promise.all(held.map((one) => worker.succeed(one)));
    const whole = await logOf(fixture.store);
    expect(whole.length).toBeGreaterThan(480);
    for (const jobId of [undefined, ...jobs.map(({ job }) => job.id)]) {
      const mine = whole.filter((event) => jobId === undefined || event.jobId === jobId);
      const read = (after: number, limit: number) =>
        fixture.store.events({ owner: OWNER, after, limit, ...(jobId && { jobId }) });
      for (const limit of [7, 100, 101]) {
        const pages = [];
        for (let after = 0; pages.length < mine.length; after = pages.at(-1)!.seq) {
          const page = await read(after, limit);
          expect(page).toHaveLength(Math.min(limit, mine.length - pages.length));
          pages.push(...page);
        }
        expect(pages).toEqual(mine);
      }
      for (const { seq } of mine.filter((_, n) => n % 9 === 0)) {
        expect(await read(seq, 3)).toEqual(mine.filter((event) => event.seq > seq).slice(0, 3));
      }
    }
  });
}
