import type { DefinePoint } from "../points.ts";
import { charge, expectLeft, granted, HOUR, type LimiterFixture, refused } from "./fixture.ts";

export function correctingPoints(point: DefinePoint<LimiterFixture>): void {
  point("correct.back", "what was estimated too high is given back, up to a full budget", async (fixture) => {
    const [limiter, other] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(100, HOUR);
    await granted(limiter, budget, 80);
    await limiter.correct(budget, -30);
    await expectLeft(other, budget, 50);
    await limiter.correct(budget, -500);
    await granted(other, budget, 100);
    await expectLeft(limiter, budget, 0);
  });

  point(
    "correct.more",
    "what was estimated too low is charged, also beyond what is there",
    async (fixture) => {
      const [limiter, other] = [await fixture.open(), await fixture.open()];
      const budget = fixture.budget(100, HOUR);
      await granted(limiter, budget, 80);
      await limiter.correct(budget, 50);
      await expectLeft(other, budget, -30);
      await refused(other, charge(budget, 0));
      await limiter.correct(budget, -30);
      await granted(other, budget, 0);
    },
  );

  point("correct.untouched", "a budget that nobody has taken from can be charged", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(100, HOUR, 10);
    await limiter.correct(budget, 4);
    await expectLeft(limiter, budget, 6);
    await limiter.correct(budget, 0);
    await expectLeft(limiter, budget, 6);
  });

  point("correct.concurrent", "corrections made at the same moment all count", async (fixture) => {
    const limiters = await Promise.all([fixture.open(), fixture.open()]);
    const budget = fixture.budget(1_000, HOUR);
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => limiters[n % 2]!.correct(budget, n % 4 ? 3 : -1)),
    );
    await limiters[0]!.correct(budget, 100);
    // A correction that gives back may meet a full budget: at most 25 of 200 are lost.
    const waitMs = await refused(limiters[1]!, charge(budget, 1_000));
    const used = (waitMs * 1_000) / HOUR;
    if (used < 295 || used > 326) throw new Error(`${used} were counted`);
  });
}
