import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { logOf } from "./log.ts";
import { accepted, each, OWNER, refused, type StoreScene } from "./scene.ts";

const DAY = 24 * 3_600_000;

export function createPoints(point: DefinePoint<StoreScene>): void {
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

  point("create.repeat", "creating an id again returns what the first one recorded", async (scene) => {
    const wanted = await scene.command({ files: 1 });
    const other = await scene.open();
    const answers = await Promise.all([scene.store.createJob(wanted), other.createJob(wanted)]);
    const results = [...answers, await scene.store.createJob(wanted)].map(accepted);
    expect(results.filter((one) => one.created)).toHaveLength(1);
    for (const { job, items } of results) expect([job.id, items.length]).toEqual([wanted.id, 1]);
    expect((await logOf(scene.store)).map((event) => event.type)).toEqual(["job.created"]);
  });

  point("create.idempotent", "an idempotency key creates one job, whoever wins the race", async (scene) => {
    const stores = [scene.store, await scene.open(), await scene.open()];
    const idempotency = { key: "k", fingerprint: "f", expiresAt: scene.now() + DAY };
    const wanted = await Promise.all(Array.from({ length: 12 }, () => scene.command({ idempotency })));
    const results = (
      await Promise.all(wanted.map((one, n) => stores[n % stores.length]!.createJob(one)))
    ).map(accepted);
    expect(results.filter((one) => one.created)).toHaveLength(1);
    expect(new Set(results.map((one) => one.job.id)).size).toBe(1);
    expect(await scene.store.jobs({ owner: OWNER, limit: 100 })).toHaveLength(1);
    expect(await logOf(scene.store)).toHaveLength(1);
  });

  point(
    "create.mismatch",
    "a key used for another request is refused, and changes nothing",
    async (scene) => {
      const idempotency = { key: "k", fingerprint: "f", expiresAt: scene.now() + DAY };
      await scene.create({ idempotency });
      const other = await scene.command({ idempotency: { ...idempotency, fingerprint: "g" } });
      expect(refused(await scene.store.createJob(other))).toBe("idempotency_mismatch");
      expect(await scene.store.job({ owner: OWNER, id: other.id })).toBeNull();
    },
  );

  point("create.key-scope", "keys belong to an owner, expire, and end with their job", async (scene) => {
    const { store } = scene;
    const idempotency = { key: "k", fingerprint: "f", expiresAt: scene.now() + DAY };
    const first = await scene.create({ idempotency });
    const known = () => store.knownKey({ owner: OWNER, key: "k", now: scene.now() });
    expect(await known()).toBe(true);
    expect(await store.knownKey({ owner: "other", key: "k", now: scene.now() })).toBe(false);
    expect((await scene.create({ owner: "other", idempotency })).created).toBe(true);

    accepted(await store.removeJob({ owner: OWNER, id: first.job.id, now: scene.now() }));
    expect(await known()).toBe(false);
    const second = await scene.create({ idempotency: { ...idempotency, fingerprint: "g" } });
    expect(second.created).toBe(true);

    scene.pass(DAY + 1);
    expect(await known()).toBe(false);
    const again = { ...idempotency, expiresAt: scene.now() + DAY };
    expect((await scene.create({ idempotency: again })).created).toBe(true);
  });

  point("create.files-gone", "a file that is not live is refused as gone", async (scene) => {
    const { store } = scene;
    const wanted = await scene.command({ files: 1 });
    scene.pass(2 * 3_600_000);
    expect(refused(await store.createJob({ ...wanted, now: scene.now() }))).toBe("gone");
    const ghost = { ...(await scene.upload()), blob: "no-such-blob" };
    const other = await scene.command({ items: [{ name: "a", input: ghost }] });
    expect(refused(await store.createJob(other))).toBe("gone");
    const attached = await scene.command({ attachments: [ghost] });
    expect(refused(await store.createJob(attached))).toBe("gone");
    expect(await store.jobs({ owner: OWNER, limit: 10 })).toEqual([]);
  });

  point("create.delayed", "a job that starts later is handed out when its time has come", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 2, startAt: scene.now() + 60_000 }));
    expect(await crew.sweep()).toBe(0);
    scene.pass(59_000);
    expect(await crew.sweep()).toBe(0);
    scene.pass(2_000);
    expect(await crew.sweep()).toBe(2);
    expect(await crew.work()).toBe(2);
  });

  point("create.isolation", "a command that fails sinks no other of the same moment", async (scene) => {
    const { store } = scene;
    const good = await Promise.all(Array.from({ length: 20 }, () => scene.command({ files: 1 })));
    // A job without a step cannot be: the rules fail on it in the middle.
    const bad = { ...(await scene.command({ files: 1 })), plan: [] };
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

  point("create.many", "a job of 1,000 items is one transaction", async (scene) => {
    const crew = await scene.crew({ concurrency: 10 });
    const made = await scene.create({ files: 1_000, plan: [each("work")] });
    expect(made.job.total).toBe(1_000);
    expect(made.items.length).toBe(100);
    expect(made.deliveries).toHaveLength(40);
    crew.hand(made);
    expect(await crew.work()).toBe(1_000);
    expect((await scene.store.job({ owner: OWNER, id: made.job.id }))?.state).toBe("succeeded");
  });
}
