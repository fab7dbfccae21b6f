import { expect } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import type { DefinePoint } from "../points.ts";
import { failure, success } from "./crew.ts";
import { logOf, typesOf } from "./log.ts";
import { accepted, all, each, OWNER, type StoreScene } from "./scene.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function expiryPoints(point: DefinePoint<StoreScene>): void {
  point("expire.files", "files go when the job's retention after its end is over", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 1, retentionMs: 10 * HOUR });
    crew.hand({ deliveries });
    const held = await crew.take();
    scene.pass(9 * HOUR);
    await store.renew({ leases: [{ taskId: held.taskId, lease: held.lease }], until: scene.now() + 10_000 });
    const output = await scene.upload();
    await crew.succeed(held, { outputs: [output] });
    const expire = () => store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
    scene.pass(10 * HOUR - 1);
    expect(await expire()).toEqual({ expired: 0, more: false });
    const find = () => store.artifact({ owner: OWNER, id: output.artifactId });
    const artifact = (await store.items({ jobId: job.id, limit: 1 }))[0]!.outputs[0]!.artifactId;
    scene.pass(1);
    expect(await expire()).toEqual({ expired: 1, more: false });
    expect(await expire()).toEqual({ expired: 0, more: false });
    expect(await store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "expired", done: 1 });
    expect(await find()).toBeNull();
    const input = (await store.items({ jobId: job.id, limit: 1 }))[0]!.input!.artifactId;
    expect(await store.artifact({ owner: OWNER, id: input })).toBe("expired");
    expect(artifact).toBe(output.artifactId);
    expect(await store.collect({ now: scene.now(), limit: 10 })).toHaveLength(2);
    expect((await typesOf(store, job.id)).at(-1)).toBe("job.expired");
  });

  point("expire.letters", "a job with dead letters keeps its files for their retention", async (scene) => {
    const crew = await scene.crew();
    const kept = { retentionMs: HOUR, deadLetterRetentionMs: 10 * DAY };
    const whole = await scene.create(kept);
    crew.hand(whole);
    await crew.work();
    const partial = await scene.create({ files: 2, ...kept });
    crew.hand(partial);
    await crew.fail(await crew.take(), { retryable: false });
    await crew.work();
    const unmade = await scene.create({ files: 1, plan: [all("gather")], ...kept });
    crew.hand(unmade);
    await crew.fail(await crew.take(), { retryable: false });
    const longer = await scene.create({ files: 1, retentionMs: 20 * DAY, deadLetterRetentionMs: DAY });
    crew.hand(longer);
    await crew.fail(await crew.take(), { retryable: false });
    const cancelled = await scene.create({ files: 2, ...kept });
    crew.hand(cancelled);
    await crew.fail(await crew.take(), { retryable: false });
    accepted(await scene.store.cancelJob({ owner: OWNER, id: cancelled.job.id, now: scene.now() }));

    const expired = async () => {
      await scene.store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
      const jobs = [whole, partial, unmade, cancelled, longer].map(({ job }) => job.id);
      const states = await Promise.all(jobs.map((id) => scene.store.job({ owner: OWNER, id })));
      return states.map((job) => job?.state === "expired");
    };
    scene.pass(HOUR);
    // What was cancelled cannot be replayed.
    expect(await expired()).toEqual([true, false, false, true, false]);
    scene.pass(10 * DAY - HOUR - 1);
    expect(await expired()).toEqual([true, false, false, true, false]);
    const replayed = { owner: OWNER, id: partial.job.id, now: scene.now() };
    crew.hand(accepted(await scene.store.reopenJob(replayed)));
    // Nothing of it is dead any more, and its files stay no longer than results do.
    await crew.work();
    scene.pass(1);
    expect(await expired()).toEqual([true, false, true, true, false]);
    scene.pass(HOUR - 1);
    expect(await expired()).toEqual([true, true, true, true, false]);
    scene.pass(10 * DAY);
    expect(await expired()).toEqual([true, true, true, true, true]);
  });

  point("expire.open", "a job that has not ended does not expire", async (scene) => {
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 2, retentionMs: 1_000 });
    crew.hand({ deliveries });
    await crew.fail(await crew.take(), { retryable: false });
    await crew.fail(await crew.take(), { retryable: false });
    crew.hand(accepted(await scene.store.reopenJob({ owner: OWNER, id: job.id, now: scene.now() })));
    scene.pass(10 * DAY);
    expect(await scene.store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 })).toMatchObject({
      expired: 0,
    });
    expect(await scene.store.job({ owner: OWNER, id: job.id })).toMatchObject({ state: "running" });
  });

  point(
    "expire.once",
    "several that look at once expire a job once, and not what is reopened",
    async (scene) => {
      const { store } = scene;
      const crew = await scene.crew();
      crew.hand(await scene.create({ retentionMs: 1_000 }));
      await crew.work();
      const again = await scene.create({ files: 1, retentionMs: 1_000 });
      crew.hand(again);
      await crew.fail(await crew.take(), { retryable: false });
      scene.pass(2_000);
      const expire = () => store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
      const [reopened, ...expired] = await Promise.all([
        store.reopenJob({ owner: OWNER, id: again.job.id, now: scene.now() }),
        expire(),
        expire(),
        expire(),
      ]);
      const log = await logOf(store);
      const told = log.filter((event) => event.type === "job.expired");
      expect(new Set(told.map((event) => event.jobId)).size).toBe(told.length);
      expect(expired.reduce((sum, one) => sum + one.expired, 0)).toBe(told.length);
      // Whichever came first, the other found it so.
      const present = await store.job({ owner: OWNER, id: again.job.id });
      expect(present).toMatchObject({ state: reopened.ok ? "running" : "expired" });
    },
  );

  point("expire.limit", "more says whether others are due", async (scene) => {
    const crew = await scene.crew();
    for (let n = 0; n < 5; n++) crew.hand(await scene.create({ retentionMs: 1_000 }));
    await crew.work();
    scene.pass(2_000);
    const expire = () => scene.store.expire({ now: scene.now(), limit: 2, forgetBefore: 0 });
    expect(await expire()).toEqual({ expired: 2, more: true });
    expect(await expire()).toEqual({ expired: 2, more: true });
    expect(await expire()).toEqual({ expired: 1, more: false });
  });

  point("forget.removed", "events of jobs that were removed go when their time has come", async (scene) => {
    const { store } = scene;
    const { job } = await scene.create({ owner: "alone" });
    accepted(await store.removeJob({ owner: "alone", id: job.id, now: scene.now() }));
    const { last } = await store.logBounds({ owner: "alone" });
    const expire = (forgetBefore: number) => store.expire({ now: scene.now(), limit: 10, forgetBefore });
    await expire(0);
    expect(await store.logBounds({ owner: "alone" })).toEqual({ first: 1, last });
    scene.pass(31 * DAY);
    await expire(scene.now() - 30 * DAY);
    expect(await store.logBounds({ owner: "alone" })).toEqual({ first: 0, last });
  });

  point("forget.trims", "a forgotten job is gone, and the log keeps its numbers", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const old = await scene.create({ files: 2, retentionMs: 1_000 });
    crew.hand(old);
    await crew.work(() => success());
    scene.pass(DAY);
    await store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
    const before = await logOf(store);
    scene.pass(40 * DAY);
    const recent = await scene.create({ files: 1 });
    const created = (await store.logBounds({ owner: OWNER })).last;
    crew.hand(recent);
    await crew.work();
    await store.expire({ now: scene.now(), limit: 10, forgetBefore: scene.now() - 30 * DAY });
    expect(await store.job({ owner: OWNER, id: old.job.id })).toBeNull();
    expect(await store.jobs({ owner: OWNER, limit: 10 })).toHaveLength(1);
    const after = await logOf(store);
    expect(before.length).toBeGreaterThan(5);
    expect(after[0]!.seq).toBe(created);
    expect((await store.logBounds({ owner: OWNER })).first).toBe(created);
    await scene.create();
    expect((await logOf(store)).at(-1)!.seq).toBe(after.at(-1)!.seq + 1);
  });

  point("forget.any-text", "what no text may hold hinders nobody later", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const odd = 'NUL \0, half a pair \ud83d, a backslash \\u0000 and a quote "';
    const error = { code: "odd", message: odd };
    const jobs = [];
    for (let n = 0; n < 2; n++) {
      const { job, deliveries } = await scene.create({ files: 2, retentionMs: HOUR, metadata: { odd } });
      jobs.push(job.id);
      crew.hand({ deliveries });
      await crew.settle(await crew.take(), { ...failure({ retryable: false }), error } as Outcome);
      await crew.settle(await crew.take(), success({ result: { [odd]: odd } }));
    }
    const [, kept] = await store.items({ jobId: jobs[0]!, limit: 9 });
    expect(kept!.result).toEqual({ [odd]: odd });
    const dead = await store.deadLetters({ limit: 10, code: "odd" });
    expect(dead.map((letter) => letter.jobId).sort()).toEqual(jobs.toSorted());
    for (const { error } of dead) {
      expect(error!.message).toMatch(/^NUL ., half a pair ., a backslash \\u0000 and a quote "$/s);
    }
    await store.removeJob({ owner: OWNER, id: jobs[0]!, now: scene.now() });
    scene.pass(40 * DAY);
    await store.expire({ now: scene.now(), limit: 10, forgetBefore: 0 });
    await store.expire({ now: scene.now(), limit: 10, forgetBefore: scene.now() });
    expect(await store.job({ owner: OWNER, id: jobs[1]! })).toBeNull();
    expect(JSON.stringify(await logOf(store))).not.toContain("NUL");
  });

  point("forget.artifacts", "what belongs to a forgotten job is not found any more", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const { job, deliveries } = await scene.create({ files: 1, plan: [each("work"), all("gather")] });
    crew.hand({ deliveries });
    await crew.work(({ task }) => (task.item < 0 ? failure({ retryable: false }) : success()));
    expect(await store.deadLetters({ limit: 10 })).toHaveLength(1);
    const input = (await store.items({ jobId: job.id, limit: 1 }))[0]!.input!.artifactId;
    expect(await store.artifact({ owner: "other", id: input })).toBeNull();
    expect(await store.artifact({ owner: OWNER, id: input })).toMatchObject({ jobId: job.id });
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: scene.now() }));
    expect(await store.artifact({ owner: OWNER, id: input })).toBeNull();
    expect(await store.artifact({ owner: OWNER, id: "nonsense" })).toBeNull();
    expect(await store.deadLetters({ limit: 10 })).toEqual([]);
    const [queue] = (await store.queues({ now: scene.now() })).filter((one) => one.name === "text/gather");
    expect(queue?.dead ?? 0).toBe(0);
  });
}
