import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { accepted, OWNER, refused, type StoreFixture } from "./fixture.ts";
import { success } from "./manual-worker.ts";

const HOUR = 3_600_000;

export function blobPoints(point: DefinePoint<StoreFixture>): void {
  point("blob.pin", "a pin keeps a blob until its time", async (fixture) => {
    const { store } = fixture;
    const { blob } = await fixture.upload("text");
    expect(await store.known({ keys: [blob, "no-such-blob"] })).toEqual([blob]);
    expect(await store.usage()).toMatchObject({ count: 1, bytes: 4 });
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    fixture.pass(HOUR + 1);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([blob]);
    expect(await store.known({ keys: [blob] })).toEqual([blob]);
    // It is returned again until its bytes are gone.
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([blob]);
    await store.forget({ keys: [blob] });
    await store.forget({ keys: [blob] });
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    expect(await store.known({ keys: [blob] })).toEqual([]);
    expect(await store.usage()).toMatchObject({ count: 0, bytes: 0 });
  });

  point("blob.owner-usage", "an owner's files count once, as long as a job has them", async (fixture) => {
    const { store } = fixture;
    expect(await store.ownerUsage({ owner: OWNER })).toEqual({ openJobs: 0, bytes: 0, nextExpiry: null });
    const worker = await fixture.worker();
    const { job, deliveries } = await fixture.create({ files: 2, retentionMs: HOUR });
    const before = await store.ownerUsage({ owner: OWNER });
    expect(before).toMatchObject({ openJobs: 1, nextExpiry: null });
    expect(before.bytes).toBeGreaterThan(0);
    expect(await store.ownerUsage({ owner: "another" })).toMatchObject({ openJobs: 0, bytes: 0 });
    worker.hand({ deliveries });
    const output = await fixture.upload("an output of its own");
    await worker.succeed(await worker.take(), { outputs: [output] });
    await worker.succeed(await worker.take(), { outputs: [output] });
    const after = await store.ownerUsage({ owner: OWNER });
    expect(after).toMatchObject({ openJobs: 0, bytes: before.bytes + output.bytes });
    expect(after.nextExpiry).toBe((await store.job({ owner: OWNER, id: job.id }))!.expiresAt);
    await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() });
    expect(await store.ownerUsage({ owner: OWNER })).toEqual({ openJobs: 0, bytes: 0, nextExpiry: null });
  });

  point("blob.same", "content that is live already keeps its key, and is pinned anew", async (fixture) => {
    const { store } = fixture;
    const first = await fixture.upload("same");
    const second = await fixture.upload("same");
    expect(second.blob).toBe(first.blob);
    expect((await fixture.upload("other")).blob).not.toBe(first.blob);
    const pin = { key: randomUUID(), sha256: first.sha256, bytes: first.bytes };
    expect(await store.pin({ ...pin, until: fixture.now() + 3 * HOUR })).toEqual({ key: first.blob });
    await store.pin({ ...pin, until: fixture.now() + 1 });
    fixture.pass(2 * HOUR);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).not.toContain(first.blob);
  });

  point("blob.unpin", "a pin that was taken back keeps nothing, others still do", async (fixture) => {
    const { store } = fixture;
    const { blob } = await fixture.upload("same");
    await fixture.upload("same");
    await store.unpin({ keys: [blob, "no-such-blob"] });
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    await store.unpin({ keys: [blob] });
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([blob]);
  });

  point("blob.unpin-job", "a job takes over its pins: its files go with it", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const [input, output] = [await fixture.upload("in"), await fixture.upload("out")];
    const parts = { items: [{ name: "a", input }], pinned: [input.blob] };
    const { job, deliveries } = await fixture.create(parts);
    worker.hand({ deliveries });
    await worker.work(() => success({ outputs: [output] }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    await fixture.upload("in");
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([output.blob]);
  });

  point("blob.repeat", "pinning a key again is harmless", async (fixture) => {
    const { store } = fixture;
    const pin = { key: randomUUID(), sha256: "a".repeat(64), bytes: 1, until: fixture.now() + HOUR };
    const answers = await Promise.all([store.pin(pin), store.pin(pin), (await fixture.open()).pin(pin)]);
    for (const answer of answers) expect(answer).toEqual({ key: pin.key });
    expect(await store.usage()).toMatchObject({ count: 1 });
  });

  point("blob.reupload", "content that is being collected gets a new key", async (fixture) => {
    const { store } = fixture;
    const first = await fixture.upload("same");
    fixture.pass(HOUR + 1);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([first.blob]);
    const second = await fixture.upload("same");
    expect(second.blob).not.toBe(first.blob);
    await store.forget({ keys: [first.blob] });
    expect(await store.known({ keys: [first.blob, second.blob] })).toEqual([second.blob]);
    expect((await fixture.create({ items: [{ name: "a", input: second }] })).created).toBe(true);
    const late = await fixture.command({ items: [{ name: "a", input: first }] });
    expect(refused(await store.createJob(late))).toBe("gone");
  });

  point("blob.forget-live", "only what was marked can be forgotten", async (fixture) => {
    const { blob } = await fixture.upload("live");
    await fixture.store.forget({ keys: [blob] });
    expect(await fixture.store.known({ keys: [blob] })).toEqual([blob]);
  });

  point("blob.referred", "inputs, outputs and attachments of jobs are not collected", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const [input, attachment, output] = [
      await fixture.upload(),
      await fixture.upload(),
      await fixture.upload(),
    ];
    const parts = { items: [{ name: "a", input }], attachments: [attachment], retentionMs: 100 * HOUR };
    const { job, deliveries } = await fixture.create(parts);
    worker.hand({ deliveries });
    await worker.work(() => success({ outputs: [output] }));
    fixture.pass(2 * HOUR);
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toEqual([]);
    const other = await fixture.create({ items: [{ name: "a", input }], retentionMs: 100 * HOUR });
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    const collected = await store.collect({ now: fixture.now(), limit: 10 });
    expect(collected.sort()).toEqual([attachment.blob, output.blob].sort());
    accepted(await store.removeJob({ owner: OWNER, id: other.job.id, now: fixture.now() }));
    expect(await store.collect({ now: fixture.now(), limit: 10 })).toContain(input.blob);
  });

  point("blob.kept", "a pin holds for as long as it is kept, and no other is made", async (fixture) => {
    const { store } = fixture;
    const [kept, left, taken] = [await fixture.upload(), await fixture.upload(), await fixture.upload()];
    await store.unpin({ keys: [taken.blob] });
    for (let n = 0; n < 3; n++) {
      fixture.pass(HOUR - 1_000);
      const keys = [kept.blob, taken.blob, "no-such-blob"];
      await store.keepPinned({ keys, until: fixture.now() + HOUR });
      // A pin is never shortened.
      await store.keepPinned({ keys, until: fixture.now() + 1 });
    }
    const collected = await store.collect({ now: fixture.now(), limit: 10 });
    expect(collected.sort()).toEqual([left.blob, taken.blob].sort());
    await store.keepPinned({ keys: [left.blob], until: fixture.now() + HOUR });
    expect((await fixture.create({ items: [{ name: "a", input: kept }] })).created).toBe(true);
    const late = await fixture.command({ items: [{ name: "a", input: left }] });
    expect(refused(await store.createJob(late))).toBe("gone");
  });

  point("blob.limit", "collection takes at most its limit at a time", async (fixture) => {
    for (let n = 0; n < 7; n++) await fixture.upload();
    fixture.pass(HOUR + 1);
    const first = await fixture.store.collect({ now: fixture.now(), limit: 3 });
    expect(first).toHaveLength(3);
    await fixture.store.forget({ keys: first });
    const rest: string[] = [];
    for (let keys = ["one"]; keys.length > 0; ) {
      keys = await fixture.store.collect({ now: fixture.now(), limit: 3 });
      await fixture.store.forget({ keys });
      rest.push(...keys);
    }
    expect(new Set([...first, ...rest]).size).toBe(7);
  });

  point("blob.race", "no job ever refers to a blob that is collected at the same moment", async (fixture) => {
    const { store } = fixture;
    const other = await fixture.open();
    for (let round = 0; round < 15; round++) {
      const input = await fixture.upload();
      const command = await fixture.command({ items: [{ name: "a", input }], retentionMs: 100 * HOUR });
      // The pin has expired for the collector, but not for the job.
      const late = fixture.now() + HOUR + 1;
      const [made, collected] = await Promise.all([
        store.createJob(command),
        other.collect({ now: late, limit: 100 }),
      ]);
      expect(made.ok).toBe(!collected.includes(input.blob));
      if (!made.ok) expect(made.code).toBe("gone");
      await other.forget({ keys: collected });
    }
  });

  point(
    "blob.pin-race",
    "an upload and a collection at the same moment leave a live blob",
    async (fixture) => {
      const { store } = fixture;
      const other = await fixture.open();
      for (let round = 0; round < 15; round++) {
        const old = await fixture.upload(`race ${round}`);
        const key = randomUUID();
        const pin = { key, sha256: old.sha256, bytes: old.bytes, until: fixture.now() + 3 * HOUR };
        const late = fixture.now() + HOUR + 1;
        const [kept, collected] = await Promise.all([
          store.pin(pin),
          other.collect({ now: late, limit: 100 }),
        ]);
        expect(collected).not.toContain(kept.key);
        const input = { ...old, blob: kept.key };
        expect((await fixture.create({ items: [{ name: "a", input }] })).created).toBe(true);
        await other.forget({ keys: collected });
      }
    },
  );
}
