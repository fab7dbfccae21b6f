import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { sleep } from "../wait.ts";
import { charge, expectLeft, granted, HOUR, type LimiterFixture, refused, unhurried } from "./fixture.ts";

export function learningPoints(point: DefinePoint<LimiterFixture>): void {
  point("learn.remaining", "what a provider says remains is adopted where it is less", async (fixture) => {
    const [limiter, other] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(100, HOUR);
    await limiter.learn(budget, { remaining: 40 });
    await expectLeft(other, budget, 40);
    await granted(other, budget, 10);
    await limiter.learn(budget, { remaining: 99 });
    await expectLeft(other, budget, 30);
    await limiter.learn(budget, { remaining: 0 });
    await expectLeft(other, budget, 0);
  });

  point(
    "learn.reset",
    "until a reset only what remains is handed out, then what the budget has",
    async (fixture) => {
      const [limiter, other] = [await fixture.open(), await fixture.open()];
      await unhurried(async () => {
        const budget = fixture.budget(100, HOUR);
        await granted(limiter, budget, 20);
        const begun = performance.now();
        await limiter.learn(budget, { remaining: 5, resetMs: 400 });
        await granted(other, budget, 3);
        const waitMs = await refused(other, charge(budget, 3));
        expect(waitMs).toBeLessThanOrEqual(400);
        expect(waitMs).toBeGreaterThanOrEqual(Math.floor(399 - (performance.now() - begun)));
        await granted(limiter, budget, 2);
        await sleep((await refused(limiter, charge(budget, 1))) + 1);
        await granted(other, budget, 1);
        await expectLeft(other, budget, 74);
      });
    },
  );

  point("learn.strictest", "of several words the strictest holds", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(100, HOUR);
    await limiter.learn(budget, { remaining: 0, resetMs: 60_000 });
    await limiter.learn(budget, { remaining: 50, resetMs: 10 });
    await limiter.learn(budget, { remaining: 50, resetMs: 0 });
    const waitMs = await refused(limiter, charge(budget, 1));
    expect(waitMs).toBeGreaterThan(60_000 - fixture.patienceMs);
    expect(waitMs).toBeLessThanOrEqual(60_000);
  });

  point("learn.both-waits", "a call waits for the budget and for the reset", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(10, HOUR);
    await granted(limiter, budget, 10);
    await limiter.learn(budget, { remaining: 0, resetMs: 1_000 });
    expect(await refused(limiter, charge(budget, 1))).toBeGreaterThan(HOUR / 10 - 60_000);
  });

  point("learn.corrected", "an estimate that is given back counts before the reset too", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(100, HOUR);
    await limiter.learn(budget, { remaining: 10, resetMs: 60_000 });
    await granted(limiter, budget, 10);
    await limiter.correct(budget, -4);
    await granted(limiter, budget, 4);
    await refused(limiter, charge(budget, 1));
  });

  point(
    "learn.limit",
    "a provider's lower limit holds for refill and burst, a higher one loosens nothing",
    async (fixture) => {
      const [limiter, other] = [await fixture.open(), await fixture.open()];
      const budget = fixture.budget(1_000, HOUR);
      await limiter.learn(budget, { remaining: 100, limit: 100 });
      const error = await refusal(other.take([charge(budget, 101)]), "rate_limited");
      expect(error.extra).toMatchObject({ limit: 100 });
      await granted(other, budget, 100);
      expect(await refused(other, charge(budget, 1))).toBeGreaterThan(HOUR / 100 - 10_000);
      await limiter.learn(budget, { remaining: 5_000, limit: 5_000 });
      expect(await refused(other, charge(budget, 1_000))).toBeLessThanOrEqual(HOUR / 10);
      await refusal(other.take([charge(budget, 1_001)]), "rate_limited");
    },
  );
}
