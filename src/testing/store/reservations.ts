import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { Reserve } from "../../ports/store/jobs.ts";
import type { DefinePoint } from "../points.ts";
import { OWNER, refused, type StoreFixture } from "./fixture.ts";

export function reservationPoints(point: DefinePoint<StoreFixture>): void {
  const reserve = (
    { store, now }: StoreFixture,
    tasks: number,
    limit = 10,
    queue = "text/work",
    more: Partial<Reserve> = {},
  ) => {
    const id = newId();
    const limits = { limit, ownerLimit: limit, ownerDelayedLimit: limit };
    const usual = { owner: OWNER, delayed: false, expiresAt: now() + 600_000 };
    const command = { id, queue, tasks, ...limits, now: now(), ...usual, ...more };
    return store.reserve(command).then((result) => ({ id, result }));
  };

  point("reserve.limit", "open tasks and reservations together stay within the limit", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 1 });
    worker.hand(await fixture.create({ files: 6 }));
    expect((await reserve(fixture, 4)).result).toEqual({ ok: true, reserved: 4 });
    const full = (await reserve(fixture, 1)).result;
    expect(refused(full)).toBe("queue_full");
    expect(full).toMatchObject({ ok: false, retryAfter: expect.any(Number) });
    if (!full.ok) expect(full.retryAfter).toBeGreaterThanOrEqual(1);
    expect(refused((await reserve(fixture, 10, 10, "text/second")).result)).toBeNull();
    await worker.succeed(await worker.take());
    expect(refused((await reserve(fixture, 1)).result)).toBeNull();
  });

  point("reserve.used", "creating the job uses its reservation up", async (fixture) => {
    await fixture.worker();
    const { id } = await reserve(fixture, 10);
    expect(refused((await reserve(fixture, 1)).result)).toBe("queue_full");
    await fixture.create({ files: 4, reservation: id });
    expect(refused((await reserve(fixture, 7)).result)).toBe("queue_full");
    expect(refused((await reserve(fixture, 6)).result)).toBeNull();
  });

  point("reserve.release", "a released reservation makes room, twice is harmless", async (fixture) => {
    const { id } = await reserve(fixture, 10);
    await fixture.store.release({ id });
    await fixture.store.release({ id });
    expect(refused((await reserve(fixture, 10)).result)).toBeNull();
  });

  point("reserve.expires", "a reservation that was not used ends by itself", async (fixture) => {
    await reserve(fixture, 10);
    fixture.pass(600_001);
    expect(refused((await reserve(fixture, 10)).result)).toBeNull();
  });

  point("reserve.at-once", "reservations at the same moment do not exceed the limit", async (fixture) => {
    const all = await Promise.all(Array.from({ length: 30 }, () => reserve(fixture, 1)));
    expect(all.filter(({ result }) => result.ok)).toHaveLength(10);
  });

  point("reserve.freed", "a cancelled job leaves its room", async (fixture) => {
    const { job } = await fixture.create({ files: 10 });
    expect(refused((await reserve(fixture, 1)).result)).toBe("queue_full");
    await fixture.store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() });
    expect(refused((await reserve(fixture, 10)).result)).toBeNull();
  });

  point("reserve.retry-after", "the wait grows with what is too much and the drain rate", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 100 });
    worker.hand(await fixture.create({ files: 120 }));
    for (let n = 0; n < 60; n++) await worker.succeed(await worker.take());
    const { result } = await reserve(fixture, 20, 60);
    expect(refused(result)).toBe("queue_full");
    // 60 ended in the last minute: one per second.
    if (!result.ok) expect(Math.abs(result.retryAfter! - 20)).toBeLessThanOrEqual(2);
  });

  point(
    "reserve.owner",
    "an owner's reservations have a limit, and what others reserve has none of it",
    async (fixture) => {
      const mine = { ownerLimit: 4 };
      expect(refused((await reserve(fixture, 3, 10, "text/work", mine)).result)).toBeNull();
      const { result } = await reserve(fixture, 2, 10, "text/work", mine);
      expect(refused(result)).toBe("queue_full");
      if (!result.ok) expect(result.retryAfter).toBeGreaterThanOrEqual(1);
      expect(refused((await reserve(fixture, 1, 10, "text/work", mine)).result)).toBeNull();
      const theirs = { owner: "another", ownerLimit: 4 };
      expect(refused((await reserve(fixture, 4, 10, "text/work", theirs)).result)).toBeNull();
      expect(refused((await reserve(fixture, 1, 10, "text/second", mine)).result)).toBeNull();
      fixture.pass(600_001);
      expect(refused((await reserve(fixture, 4, 10, "text/work", mine)).result)).toBeNull();
    },
  );

  point(
    "reserve.delayed",
    "what starts later takes no room of what starts now, and has limits of its own",
    async (fixture) => {
      const later = { delayed: true };
      const { id } = await reserve(fixture, 4, 10, "text/work", later);
      await fixture.create({ files: 4, reservation: id, startAt: fixture.now() + 3_600_000 });
      await fixture.create({ files: 2, startAt: fixture.now() + 3_600_000 });
      expect(refused((await reserve(fixture, 5, 10, "text/work", later)).result)).toBe("queue_full");
      expect(refused((await reserve(fixture, 4, 10, "text/work", later)).result)).toBeNull();
      expect(refused((await reserve(fixture, 10)).result)).toBeNull();
      expect(refused((await reserve(fixture, 1)).result)).toBe("queue_full");
    },
  );

  point(
    "reserve.delayed-owner",
    "what starts later has a limit for each owner, with what is reserved for such",
    async (fixture) => {
      const later = { delayed: true, ownerDelayedLimit: 4 };
      const ask = (tasks: number, more: Partial<Reserve> = {}) =>
        reserve(fixture, tasks, 20, "text/work", { ...later, ...more });
      const startAt = fixture.now() + 3_600_000;
      const { job } = await fixture.create({ files: 3, startAt });
      await fixture.create({ files: 5, startAt, owner: "another" });
      const { result } = await ask(2);
      expect(refused(result)).toBe("quota_exceeded");
      if (!result.ok) expect(result.message).toContain("3 of at most 4 delayed tasks");
      expect(refused((await ask(1)).result)).toBeNull();
      expect(refused((await ask(1)).result)).toBe("quota_exceeded");
      expect(refused((await ask(4, { owner: "a third" })).result)).toBeNull();
      // Nor does it affect jobs that start now.
      expect(refused((await ask(4, { delayed: false })).result)).toBeNull();
      await fixture.store.cancelJob({ owner: OWNER, id: job.id, now: fixture.now() });
      expect(refused((await ask(3)).result)).toBeNull();
    },
  );

  point("reserve.delayed-due", "what starts later takes room from its time on", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 1 });
    await fixture.create({ files: 8, startAt: fixture.now() + 10_000 });
    fixture.pass(10_001);
    await worker.sweep();
    expect(refused((await reserve(fixture, 3)).result)).toBe("queue_full");
    expect(refused((await reserve(fixture, 10, 10, "text/work", { delayed: true })).result)).toBeNull();
  });

  point("reserve.retrying", "what failed and is tried again keeps its room", async (fixture) => {
    const worker = await fixture.worker({ concurrency: 1 });
    worker.hand(await fixture.create({ files: 1 }));
    await worker.fail(await worker.take());
    expect(refused((await reserve(fixture, 10)).result)).toBe("queue_full");
    expect(refused((await reserve(fixture, 9)).result)).toBeNull();
  });
}
