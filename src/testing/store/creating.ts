import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, each, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { logOf } from "./log.ts";

const DAY = 24 * 3_600_000;

export function createPoints(point: DefinePoint<StoreFixture>): void {
  point("create.records", "a job comes back as it was created", async ({ store, command }) => {
    const wanted = await command({
      files: 2,
      options: { text: 'ünï "quoted" \\ 한국어', nested: [1, null, { a: true }] },
      metadata: { order: "7" },
      priority: 7,
    });
    const { job, items, created } = accepted(await store.createJob(wanted));
    expect(created).toBe(true);
    expect(job).toMatchObject({
      id: wanted.id,
      state: "queued",
      total: 2,
      remaining: 2,
      run: 1,
      priority: 7,
    });
    expect(items.map((item) => [item.item, item.name])).toEqual([
      [0, "file-0.txt"],
      [1, "file-1.txt"],
    ]);
    const read = await store.job({ owner: OWNER, id: wanted.id });
    expect(read).toMatchObject({ options: wanted.options, metadata: wanted.metadata, plan: wanted.plan });
    const stored = await store.items({ jobId: wanted.id, limit: 10 });
    expect(stored.map((item) => item.input)).toEqual(wanted.items.map((item) => item.input));
  });

  point("create.repeat", "creating an id again returns what the first one recorded", async (fixture) => {
    const wanted = await fixture.command({ files: 1 });
    const other = await fixture.open();
    const answers = await Promise.all([fixture.store.createJob(wanted), other.createJob(wanted)]);
    const results = [...answers, await fixture.store.createJob(wanted)].map(accepted);
    expect(results.filter((one) => one.created)).toHaveLength(1);
    for (const { job, items } of results) expect([job.id, items.length]).toEqual([wanted.id, 1]);
    expect((await logOf(fixture.store)).map((event) => event.type)).toEqual(["job.created"]);
  });

  point("create.idempotent", "an idempotency key creates one job, whoever wins the race", async (fixture) => {
    const stores = [fixture.store, await fixture.open(), await fixture.open()];
    const idempotency = { key: "k", fingerprint: "f", expiresAt: fixture.now() + DAY };
    const wanted = await Promise.all(Array.from({ length: 12 }, () => fixture.command({ idempotency })));
    const results = (
      await Promise.all(wanted.map((one, n) => stores[n % stores.length]!.createJob(one)))
    ).map(accepted);
    expect(results.filter((one) => one.created)).toHaveLength(1);
    expect(new Set(results.map((one) => one.job.id)).size).toBe(1);
    expect(await fixture.store.jobs({ owner: OWNER, limit: 100 })).toHaveLength(1);
    expect(await logOf(fixture.store)).toHaveLength(1);
  });

  point(
    "create.mismatch",
    "a key used for another request is refused, and changes nothing",
    async (fixture) => {
      const idempotency = { key: "k", fingerprint: "f", expiresAt: fixture.now() + DAY };
      await fixture.create({ idempotency });
      const other = await fixture.command({ idempotency: { ...idempotency, fingerprint: "g" } });
      expect(refused(await fixture.store.createJob(other))).toBe("idempotency_mismatch");
      expect(await fixture.store.job({ owner: OWNER, id: other.id })).toBeNull();
    },
  );

  point("create.key-scope", "keys belong to an owner, expire, and end with their job", async (fixture) => {
    const { store } = fixture;
    const idempotency = { key: "k", fingerprint: "f", expiresAt: fixture.now() + DAY };
    const first = await fixture.create({ idempotency });
    const known = () => store.knownKey({ owner: OWNER, key: "k", now: fixture.now() });
    expect(await known()).toBe(true);
    expect(await store.knownKey({ owner: "other", key: "k", now: fixture.now() })).toBe(false);
    expect((await fixture.create({ owner: "other", idempotency })).created).toBe(true);

    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: fixture.now() }));
    expect(await known()).toBe(false);
    const second = await fixture.create({ idempotency: { ...idempotency, fingerprint: "g" } });
    expect(second.created).toBe(true);

    fixture.pass(DAY + 1);
    expect(await known()).toBe(false);
    const again = { ...idempotency, expiresAt: fixture.now() + DAY };
    expect((await fixture.create({ idempotency: again })).created).toBe(true);
  });

  point("create.files-gone", "a file that is not live is refused as gone", async (fixture) => {
    const { store } = fixture;
    const wanted = await fixture.command({ files: 1 });
    fixture.pass(2 * 3_600_000);
    expect(refused(await store.createJob({ ...wanted, now: fixture.now() }))).toBe("gone");
    const ghost = { ...(await fixture.upload()), blob: "no-such-blob" };
    const other = await fixture.command({ items: [{ name: "a", input: ghost }] });
    expect(refused(await store.createJob(other))).toBe("gone");
    const attached = await fixture.command({ attachments: [ghost] });
    expect(refused(await store.createJob(attached))).toBe("gone");
    expect(await store.jobs({ owner: OWNER, limit: 10 })).toEqual([]);
  });

  point("create.delayed", "a job that starts later is handed out when its time has come", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 2, startAt: fixture.now() + 60_000 }));
    expect(await worker.sweep()).toBe(0);
    fixture.pass(59_000);
    expect(await worker.sweep()).toBe(0);
    fixture.pass(2_000);
    expect(await worker.sweep()).toBe(2);
    expect(await worker.work()).toBe(2);
  });

  point("create.isolation", "a command that fails sinks no other of the same moment", async (fixture) => {
    const { store } = fixture;
    const good = await Promise.all(Array.from({ length: 20 }, () => fixture.command({ files: 1 })));
    // A job without steps is impossible: the rules fail on it halfway.
    const bad = { ...(await fixture.command({ files: 1 })), plan: [] };
    const stepless = [bad, { ...bad, id: newId() }];
    const calls = [...good.slice(0, 7), stepless[0]!, ...good.slice(7, 12), stepless[1]!, ...good.slice(12)];
    const settled = await Promise.allSettled(calls.map((one) => store.createJob(one)));
    const failed = calls.filter((_, n) => settled[n]!.status === "rejected");
    expect(failed.map((one) => one.id)).toEqual(stepless.map((one) => one.id));
    const jobs = await store.jobs({ owner: OWNER, limit: 100 });
    expect(jobs.map((job) => job.id).sort()).toEqual(good.map((one) => one.id).sort());
    const events = await logOf(store);
    expect(events.map((event) => event.seq)).toEqual(good.map((_, n) => n + 1));
  });

  point("create.many", "a job of 1,000 items is one transaction", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 10 });
    const made = await fixture.create({ files: 1_000, plan: [each("work")] });
    expect(made.job.total).toBe(1_000);
    expect(made.items.length).toBe(100);
    expect(made.deliveries).toHaveLength(40);
    worker.hand(made);
    expect(await worker.work()).toBe(1_000);
    expect((await fixture.store.job({ owner: OWNER, id: made.job.id }))?.state).toBe("succeeded");
  });
}
