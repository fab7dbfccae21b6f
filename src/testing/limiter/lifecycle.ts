import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { persist, within } from "../wait.ts";
import { charge, expectLeft, granted, HOUR, type LimiterFixture } from "./fixture.ts";

export function lifecyclePoints(point: DefinePoint<LimiterFixture>): void {
  point(
    "outage.errors",
    "an outage is told quickly, as unavailable with its cause, and ends",
    async (fixture) => {
      const outage = fixture.outage();
      const limiter = await fixture.open();
      const budget = fixture.budget(10, HOUR);
      await granted(limiter, budget, 4);
      await outage.begin();
      try {
        const started = performance.now();
        const calls = [
          limiter.take([charge(budget, 1)]),
          limiter.correct(budget, 1),
          limiter.learn(budget, { remaining: 1 }),
          limiter.health(),
        ];
        const errors = await Promise.all(calls.map((call) => refusal(call, "unavailable")));
        for (const error of errors) expect(error.retryable).toBe(true);
        expect(errors[0]!.cause).toBeDefined();
        expect(performance.now() - started).toBeLessThan(8_000);
      } finally {
        await outage.end();
      }
      await persist(fixture.patienceMs + 10_000, () => limiter.health());
      await expectLeft(limiter, budget, 6);
    },
  );

  point("outage.close", "close ends also while the service cannot be reached", async (fixture) => {
    const outage = fixture.outage();
    const limiter = await fixture.open();
    await outage.begin();
    try {
      await within(5_000, "closing", limiter.close());
    } finally {
      await outage.end();
    }
  });

  point("health.up", "health resolves while the service answers", async (fixture) => {
    const limiter = await fixture.open();
    await within(2_500, "health", limiter.health());
  });

  point(
    "close.refuses",
    "close may be called again, and a closed limiter refuses with closed",
    async (fixture) => {
      const limiter = await fixture.open();
      const budget = fixture.budget(10, HOUR);
      await granted(limiter, budget, 1);
      await within(5_000, "closing twice", Promise.all([limiter.close(), limiter.close()]));
      await limiter.close();
      await refusal(limiter.take([charge(budget, 1)]), "closed");
      await refusal(limiter.correct(budget, 1), "closed");
      await refusal(limiter.learn(budget, { remaining: 1 }), "closed");
      await refusal(limiter.health(), "closed");
      await expectLeft(await fixture.open(), budget, 9);
    },
  );

  point("close.no-handles", "after close the process may end", async (fixture) => {
    const child = fixture.child({ errand: "tidy", budget: fixture.budget(10, HOUR) });
    await child.until(1, 20_000);
    expect(await child.ended(3_000)).toBe(0);
  });
}
