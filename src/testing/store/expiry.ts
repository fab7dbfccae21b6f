import { expect } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import { logOf, typesOf } from "./log.ts";
import { failure, success } from "./manual-worker.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function expiryPoints(point: DefinePoint<StoreFixture>): void {
  point("expire.files", "files go when the job's retention after its end is over", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1, retentionMs: 10 * HOUR });
    worker.hand({ deliveries });
    const held = await worker.take();
    fixture.pass(9 * HOUR);
    await store.renew({
      leases: [{ taskId: held.taskId, lease: held.lease }],
      until: fixture.now() + 10_000,
    });
    const output = await fixture.upload();
    await worker.succeed(held, { outputs: [output] });
    const expire = () => store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    fixture.pass(10 * HOUR - 1);
    expect(await expire()).toEqual({ expired: 0, more: false });
    const find = () => store.artifact({ owner: OWNER, id: output.artifactId });
    const artifact = (await store.items({ jobId: job.id, limit: 1 }))[0]!.outputs[0]!.artifactId;
    fixture.pass(1);
    expect(await expire()).toEqual({ expired: 1, more: false });
    expect(await expire()).toEqual({ expired: 0, more: false });
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "expired", done: 1 });
    expect(await find()).toBeNull();
    const input = (await store.items({ jobId: job.id, limit: 1 }))[0]!.input!.artifactId;
    expect(await store.artifact({ owner: OWNER, id: input })).toBe("expired");
    expect(artifact).toBe(output.artifactId);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toHaveLength(2);
    expect((await typesOf(store, job.id)).at(-1)).toBe("job.expired");
  });

  point(
    "expire.soon",
    "jobs whose files go soon are found in the order of their expiry, each once",
    async (fixture) => {
      const worker = await fixture.worker();
      const ids: string[] = [];
      for (const retentionMs of [3 * HOUR, HOUR, 2 * HOUR, 9 * HOUR, 2 * HOUR]) {
        const made = await fixture.create({ retentionMs });
        worker.hand(made);
        await worker.work();
        ids.push(made.job.id);
      }
      await fixture.create({ retentionMs: HOUR });
      const found: string[] = [];
      let after = { at: fixture.now(), id: "" };
      for (;;) {
        const page = await fixture.store.expiring({ after, until: fixture.now() + 3 * HOUR, limit: 2 });
        found.push(...page.map(({ id }) => id));
        if (page.length < 2) break;
        after = { at: page.at(-1)!.expiresAt!, id: page.at(-1)!.id };
      }
      const [first, second, third, , fifth] = ids;
      expect(found).toEqual([second, ...[third, fifth].sort(), first]);
    },
  );

  point("expire.letters", "a job with dead letters keeps its files for their retention", async (fixture) => {
    const worker = await fixture.worker();
    const kept = { retentionMs: HOUR, deadLetterRetentionMs: 10 * DAY };
    const whole = await fixture.create(kept);
    worker.hand(whole);
    await worker.work();
    const partial = await fixture.create({ files: 2, ...kept });
    worker.hand(partial);
    await worker.fail(await worker.take(), { retryable: false });
    await worker.work();
    const unmade = await fixture.create({ files: 1, plan: [all("gather")], ...kept });
    worker.hand(unmade);
    await worker.fail(await worker.take(), { retryable: false });
    const longer = await fixture.create({ files: 1, retentionMs: 20 * DAY, deadLetterRetentionMs: DAY });
    worker.hand(longer);
    await worker.fail(await worker.take(), { retryable: false });
    const cancelled = await fixture.create({ files: 2, ...kept });
    worker.hand(cancelled);
    await worker.fail(await worker.take(), { retryable: false });
    accepted(await fixture.store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: fixture.now() }));

    const expired = async () => {
      await fixture.store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
      const jobs = [whole, partial, unmade, cancelled, longer].map(({ job }) => job.id);
      const states = await Promise.all(jobs.map((id) => fixture.store.job({ owner: OWNER, id })));
      return states.map((job) => job?.state === "expired");
    };
    fixture.pass(HOUR);
    // Cancelled jobs cannot be replayed.
    expect(await expired()).toEqual([true, false, false, true, false]);
    fixture.pass(10 * DAY - HOUR - 1);
    expect(await expired()).toEqual([true, false, false, true, false]);
    const replayed = { owner: OWNER, id: partial.job.id, now: fixture.now() };
    worker.hand(accepted(await fixture.store.reopenJob(replayed)));
    // It has no dead letters any more, so its files are kept no longer than results.
    await worker.work();
    fixture.pass(1);
    expect(await expired()).toEqual([true, false, true, true, false]);
    fixture.pass(HOUR - 1);
    expect(await expired()).toEqual([true, true, true, true, false]);
    fixture.pass(10 * DAY);
    expect(await expired()).toEqual([true, true, true, true, true]);
  });

  point("expire.open", "a job that has not ended does not expire", async (fixture) => {
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2, retentionMs: 1_000 });
    worker.hand({ deliveries });
    await worker.fail(await worker.take(), { retryable: false });
    await worker.fail(await worker.take(), { retryable: false });
    worker.hand(accepted(await fixture.store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() })));
    fixture.pass(10 * DAY);
    expect(await fixture.store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 })).toMatchObject({
      expired: 0,
    });
    expect(await fixture.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "running" });
  });

  point(
    "expire.once",
    "several that look at once expire a job once, and not what is reopened",
    async (fixture) => {
      const { store } = fixture;
      const worker = await fixture.worker();
      worker.hand(await fixture.create({ retentionMs: 1_000 }));
      await worker.work();
      const again = await fixture.create({ files: 1, retentionMs: 1_000 });
      worker.hand(again);
      await worker.fail(await worker.take(), { retryable: false });
      fixture.pass(2_000);
      const expire = () => store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
      const [reopened, ...expired] = await Promise.all([
        store.reopenJob({ owner: OWNER, id: again.job.id, now: fixture.now() }),
        expire(),
        expire(),
        expire(),
      ]);
      const log = await logOf(store);
      const told = log.filter((event) => event.type === "job.expired");
      expect(new Set(told.map((event) => event.jobId)).size).toBe(told.length);
      expect(expired.reduce((sum, one) => sum + one.expired, 0)).toBe(told.length);
      // Whichever came first, the other one saw its effect.
      const present = await store.job({ owner: OWNER, id: again.job.id });
      expect(present).toMatchObject({ state: reopened.ok ? "running" : "expired" });
    },
  );

  point("expire.limit", "more says whether others are due", async (fixture) => {
    const worker = await fixture.worker();
    for (let n = 0; n < 5; n++) worker.hand(await fixture.create({ retentionMs: 1_000 }));
    await worker.work();
    fixture.pass(2_000);
    const expire = () => fixture.store.expire({ now: fixture.now(), limit: 2, forgetBefore: 0 });
    expect(await expire()).toEqual({ expired: 2, more: true });
    expect(await expire()).toEqual({ expired: 2, more: true });
    expect(await expire()).toEqual({ expired: 1, more: false });
  });

  point("forget.removed", "events of jobs that were removed go when their time has come", async (fixture) => {
    const { store } = fixture;
    const { job } = await fixture.create({ owner: "alone" });
    accepted(await store.removeJob({ owner: "alone", id: job.id, now: fixture.now() }));
    const { last } = await store.logBounds({ owner: "alone" });
    const expire = (forgetBefore: number) => store.expire({ now: fixture.now(), limit: 10, forgetBefore });
    await expire(0);
    expect(await store.logBounds({ owner: "alone" })).toEqual({ first: 1, last });
    fixture.pass(31 * DAY);
    await expire(fixture.now() - 30 * DAY);
    expect(await store.logBounds({ owner: "alone" })).toEqual({ first: 0, last });
  });

  point("forget.trims", "a forgotten job is gone, and the log keeps its numbers", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const old = await fixture.create({ files: 2, retentionMs: 1_000 });
    worker.hand(old);
    await worker.work(() => success());
    fixture.pass(DAY);
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    const before = await logOf(store);
    fixture.pass(40 * DAY);
    const recent = await fixture.create({ files: 1 });
    const created = (await store.logBounds({ owner: OWNER })).last;
    worker.hand(recent);
    await worker.work();
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: fixture.now() - 30 * DAY });
    expect(await store.job({ owner: OWNER, id: old.job.id })).toBeNull();
    expect(await store.jobs({ owner: OWNER, limit: 10 })).toHaveLength(1);
    const after = await logOf(store);
    expect(before.length).toBeGreaterThan(5);
    expect(after[0]!.seq).toBe(created);
    expect((await store.logBounds({ owner: OWNER })).first).toBe(created);
    await fixture.create();
    expect((await logOf(store)).at(-1)!.seq).toBe(after.at(-1)!.seq + 1);
  });

  point("forget.any-text", "what no text may hold hinders nobody later", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const odd = 'NUL \0, half a pair \ud83d, a backslash \\u0000 and a quote "';
    const error = { code: "odd", message: odd };
    const jobs = [];
    for (let n = 0; n < 2; n++) {
      const { job, deliveries } = await fixture.create({ files: 2, retentionMs: HOUR, metadata: { odd } });
      jobs.push(job.id);
      worker.hand({ deliveries });
      await worker.settle(await worker.take(), { ...failure({ retryable: false }), error } as Outcome);
      await worker.settle(await worker.take(), success({ result: { [odd]: odd } }));
    }
    const [, kept] = await store.items({ jobId: jobs[0]!, limit: 9 });
    expect(kept!.result).toEqual({ [odd]: odd });
    const dead = await store.deadLetters({ limit: 10, code: "odd" });
    expect(dead.map((letter) => letter.jobId).sort()).toEqual(jobs.toSorted());
    for (const { error } of dead) {
      expect(error!.message).toMatch(/^NUL ., half a pair ., a backslash \\u0000 and a quote "$/s);
    }
    await store.removeJob({ owner: OWNER, id: jobs[0]!, now: fixture.now() });
    fixture.pass(40 * DAY);
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: 0 });
    await store.expire({ now: fixture.now(), limit: 10, forgetBefore: fixture.now() });
    expect(await store.job({ owner: OWNER, id: jobs[1]! })).toBeNull();
    expect(JSON.stringify(await logOf(store))).not.toContain("NUL");
  });

  point("forget.artifacts", "what belongs to a forgotten job is not found any more", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 1, plan: [each("work"), all("gather")] });
    worker.hand({ deliveries });
    await worker.work(({ task }) => (task.item < 0 ? failure({ retryable: false }) : success()));
    expect(await store.deadLetters({ limit: 10 })).toHaveLength(1);
    const input = (await store.items({ jobId: job.id, limit: 1 }))[0]!.input!.artifactId;
    expect(await store.artifact({ owner: "other", id: input })).toBeNull();
    expect(await store.artifact({ owner: OWNER, id: input })).toMatchObject({ jobId: job.id });
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.artifact({ owner: OWNER, id: input })).toBeNull();
    expect(await store.artifact({ owner: OWNER, id: "nonsense" })).toBeNull();
    expect(await store.deadLetters({ limit: 10 })).toEqual([]);
    const [queue] = (await store.queues({ now: fixture.now() })).filter((one) => one.name === "text/gather");
    expect(queue?.dead ?? 0).toBe(0);
  });
}
