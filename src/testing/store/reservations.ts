import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { OWNER, refused, type StoreScene } from "./scene.ts";

export function reservationPoints(point: DefinePoint<StoreScene>): void {
  const reserve = ({ store, now }: StoreScene, tasks: number, limit = 10, queue = "text/work") => {
    const id = newId();
    const command = { id, queue, tasks, limit, now: now(), expiresAt: now() + 600_000 };
    return store.reserve(command).then((result) => ({ id, result }));
  };

  point("reserve.limit", "open tasks and reservations together stay within the limit", async (scene) => {
    const crew = await scene.crew({ concurrency: 1 });
    crew.hand(await scene.create({ files: 6 }));
    expect((await reserve(scene, 4)).result).toEqual({ ok: true, reserved: 4 });
    const full = (await reserve(scene, 1)).result;
    expect(refused(full)).toBe("queue_full");
    expect(full).toMatchObject({ ok: false, retryAfter: expect.any(Number) });
    if (!full.ok) expect(full.retryAfter).toBeGreaterThanOrEqual(1);
    expect(refused((await reserve(scene, 10, 10, "text/second")).result)).toBeNull();
    await crew.succeed(await crew.take());
    expect(refused((await reserve(scene, 1)).result)).toBeNull();
  });

  point("reserve.used", "creating the job uses its reservation up", async (scene) => {
    await scene.crew();
    const { id } = await reserve(scene, 10);
    expect(refused((await reserve(scene, 1)).result)).toBe("queue_full");
    await scene.create({ files: 4, reservation: id });
    expect(refused((await reserve(scene, 7)).result)).toBe("queue_full");
    expect(refused((await reserve(scene, 6)).result)).toBeNull();
  });

  point("reserve.release", "a released reservation makes room, twice is harmless", async (scene) => {
    const { id } = await reserve(scene, 10);
    await scene.store.release({ id });
    await scene.store.release({ id });
    expect(refused((await reserve(scene, 10)).result)).toBeNull();
  });

  point("reserve.expires", "a reservation that was not used ends by itself", async (scene) => {
    await reserve(scene, 10);
    scene.pass(600_001);
    expect(refused((await reserve(scene, 10)).result)).toBeNull();
  });

  point("reserve.at-once", "reservations at the same moment do not exceed the limit", async (scene) => {
    const all = await Promise.all(Array.from({ length: 30 }, () => reserve(scene, 1)));
    expect(all.filter(({ result }) => result.ok)).toHaveLength(10);
  });

  point("reserve.freed", "a cancelled job leaves its room", async (scene) => {
    const { job } = await scene.create({ files: 10 });
    expect(refused((await reserve(scene, 1)).result)).toBe("queue_full");
    await scene.store.cancelJob({ owner: OWNER, id: job.id, now: scene.now() });
    expect(refused((await reserve(scene, 10)).result)).toBeNull();
  });

  point("reserve.retry-after", "the wait grows with what is too much and the drain rate", async (scene) => {
    const crew = await scene.crew({ concurrency: 100 });
    crew.hand(await scene.create({ files: 120 }));
    for (let n = 0; n < 60; n++) await crew.succeed(await crew.take());
    const { result } = await reserve(scene, 20, 60);
    expect(refused(result)).toBe("queue_full");
    // 60 ended in the last minute: one a second.
    if (!result.ok) expect(Math.abs(result.retryAfter! - 20)).toBeLessThanOrEqual(2);
  });
}
