import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { charge, expectLeft, granted, HOUR, type LimiterFixture } from "./fixture.ts";

const always = { withinMs: Number.MAX_SAFE_INTEGER };

export function reservingPoints(point: DefinePoint<LimiterFixture>): void {
  point("reserve.turns", "turns are booked one after the other, at the budget's rate", async (fixture) => {
    const [limiter, other] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(60, HOUR, 2);
    const began = performance.now();
    const waits: number[] = [];
    for (let n = 0; n < 6; n++) {
      const booked = await (n % 2 ? limiter : other).reserve([charge(budget, 1)], always);
      expect(booked.ok).toBe(true);
      waits.push(booked.waitMs);
    }
    const slack = performance.now() - began + 5;
    for (const [n, wait] of waits.entries()) {
      const due = Math.max(0, n - 1) * 60_000;
      expect(wait).toBeGreaterThanOrEqual(due - (due > 0 ? slack : 0));
      expect(wait).toBeLessThanOrEqual(due);
    }
    await expectLeft(limiter, budget, -4);
  });

  point(
    "reserve.large",
    "an amount beyond the burst waits until all of it has come back",
    async (fixture) => {
      const limiter = await fixture.open();
      const budget = fixture.budget(1_000, HOUR, 10);
      const booked = await limiter.reserve([charge(budget, 510)], always);
      expect(booked.ok).toBe(true);
      expect(booked.waitMs).toBeGreaterThan(HOUR / 2 - 10);
      expect(booked.waitMs).toBeLessThanOrEqual(HOUR / 2);
    },
  );

  point("reserve.within", "a turn that would come too late is not booked, and says when", async (fixture) => {
    const limiter = await fixture.open();
    const [budget, free] = [fixture.budget(60, HOUR, 1), fixture.budget(60, HOUR, 1)];
    await granted(limiter, budget, 1);
    const late = await limiter.reserve([charge(free, 1), charge(budget, 2)], { withinMs: 100_000 });
    expect(late.ok).toBe(false);
    expect(late.waitMs).toBeGreaterThan(119_000);
    expect(late.waitMs).toBeLessThanOrEqual(120_000);
    await expectLeft(limiter, budget, 0);
    await granted(limiter, free, 1);
    expect((await limiter.reserve([charge(budget, 1)], { withinMs: 100_000 })).ok).toBe(true);
  });

  point("reserve.returned", "a turn that is not used is given back", async (fixture) => {
    const [limiter, other] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(60, HOUR, 1);
    for (let n = 0; n < 3; n++) await limiter.reserve([charge(budget, 1)], always);
    await other.correct(budget, -1);
    await expectLeft(limiter, budget, -1);
  });

  point("reserve.together", "of many who book at once, each has a turn of its own", async (fixture) => {
    const limiters = await Promise.all([fixture.open(), fixture.open(), fixture.open()]);
    const budget = fixture.budget(60, HOUR, 1);
    const booked = await Promise.all(
      Array.from({ length: 200 }, (_, n) => limiters[n % 3]!.reserve([charge(budget, 1)], always)),
    );
    await expectLeft(limiters[0]!, budget, 1 - 200);
    const waits = booked.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
    expect(waits.at(-1)!).toBeGreaterThan(199 * 60_000 - fixture.patienceMs);
    for (let n = 1; n < waits.length; n++)
      expect(waits[n]! - waits[n - 1]!).toBeGreaterThan(60_000 - fixture.patienceMs);
  });

  point("reserve.reset", "until a provider's reset, what it has no room for waits", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(100, HOUR);
    await limiter.learn(budget, { remaining: 1, resetMs: 60_000 });
    expect((await limiter.reserve([charge(budget, 1)], always)).waitMs).toBe(0);
    const { waitMs } = await limiter.reserve([charge(budget, 1)], always);
    expect(waitMs).toBeGreaterThan(60_000 - fixture.patienceMs);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  point("slow.refused", "after a refusal turns start later, and come at 0.7 of the rate", async (fixture) => {
    const [limiter, other] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(60, HOUR, 1);
    await limiter.slow(budget, 30_000);
    // Refused at the same time, so it counts once.
    await other.slow(budget, 30_000);
    const turn = 60_000 / 0.7;
    const first = await other.reserve([charge(budget, 1)], always);
    const second = await limiter.reserve([charge(budget, 1)], always);
    const slack = fixture.patienceMs;
    expect(first.waitMs).toBeGreaterThan(30_000 + turn - slack);
    expect(first.waitMs).toBeLessThanOrEqual(Math.ceil(30_000 + turn) + 5);
    expect(second.waitMs - first.waitMs).toBeGreaterThan(turn - slack);
    expect(second.waitMs - first.waitMs).toBeLessThanOrEqual(turn + 5);
  });

  point("reserve.refuses", "what makes no sense is refused", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(10, HOUR);
    await refusal(limiter.reserve([charge(budget, -1)], always), "invalid_request");
    await refusal(limiter.slow(budget, Number.NaN), "invalid_request");
    await granted(limiter, budget, 10);
  });
}
