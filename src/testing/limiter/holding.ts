import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { sleep } from "../wait.ts";
import type { LimiterFixture } from "./fixture.ts";

export function holdingPoints(point: DefinePoint<LimiterFixture>): void {
  point("hold.limit", "no more than there is room for hold at once, wherever they are", async (fixture) => {
    const limiters = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
    const room = { key: fixture.key(), limit: 5, ttlMs: 60_000 };
    const held = await Promise.all(
      Array.from({ length: 40 }, (_, n) => limiters[n % 3]!.hold(room, `call ${n}`)),
    );
    expect(held.filter(({ ok }) => ok)).toHaveLength(5);
    const first = held.findIndex(({ ok }) => ok);
    await limiters[0]!.release(room, `call ${first}`);
    await limiters[1]!.release(room, `call ${first}`);
    expect(await limiters[1]!.hold(room, "another")).toEqual({ ok: true });
    expect((await limiters[2]!.hold(room, "one more")).ok).toBe(false);
  });

  point(
    "hold.renew",
    "a hold is renewed under the same id, and ends by itself otherwise",
    async (fixture) => {
      const [limiter, other] = [await fixture.open(), await fixture.open()];
      const room = { key: fixture.key(), limit: 1, ttlMs: 400 };
      expect(await limiter.hold(room, "a")).toEqual({ ok: true });
      expect(await limiter.hold(room, "a")).toEqual({ ok: true });
      expect((await other.hold(room, "b")).ok).toBe(false);
      await sleep(450);
      expect(await other.hold(room, "b")).toEqual({ ok: true });
      expect((await limiter.hold(room, "a")).ok).toBe(false);
    },
  );

  point("hold.line", "who waits is told to come back one after the other", async (fixture) => {
    const limiter = await fixture.open();
    const room = { key: fixture.key(), limit: 2, ttlMs: 60_000 };
    await limiter.hold(room, "a");
    await limiter.hold(room, "b");
    const waits: number[] = [];
    for (const id of ["c", "d", "e", "f"]) {
      const refused = await limiter.hold(room, id);
      waits.push(refused.ok ? 0 : refused.waitMs);
    }
    expect(waits.every((ms) => ms >= 50)).toBe(true);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[3]).toBeGreaterThan(waits[0]!);
  });

  point("hold.refuses", "a room that makes no sense is refused", async (fixture) => {
    const limiter = await fixture.open();
    const room = { key: fixture.key(), limit: 1, ttlMs: 1_000 };
    await refusal(limiter.hold({ ...room, limit: 0 }, "a"), "invalid_request");
    await refusal(limiter.hold({ ...room, ttlMs: 0 }, "a"), "invalid_request");
    await refusal(limiter.hold(room, ""), "invalid_request");
    expect(await limiter.hold(room, "a")).toEqual({ ok: true });
  });
}
