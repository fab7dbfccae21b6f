import { expect, vi } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { eventually, sleep } from "../wait.ts";
import { charge, expectLeft, granted, HOUR, type LimiterFixture, refused, unhurried } from "./fixture.ts";

export function takingPoints(point: DefinePoint<LimiterFixture>): void {
  point("take.burst", "a budget begins full and holds no more than its burst", async (fixture) => {
    const limiter = await fixture.open();
    const plain = fixture.budget(10, HOUR);
    for (let n = 0; n < 10; n++) await granted(limiter, plain, 1);
    await expectLeft(limiter, plain, 0);
    const narrow = fixture.budget(10, HOUR, 2.5);
    await granted(limiter, narrow, 2.5);
    await expectLeft(limiter, narrow, 0);
    const wide = fixture.budget(10, HOUR, 100);
    await granted(limiter, wide, 100);
    await expectLeft(limiter, wide, 0);
  });

  point(
    "take.wait",
    "a refusal says exactly when the same call succeeds, and not before",
    async (fixture) => {
      const limiter = await fixture.open();
      const cases = [
        [10, 4_000, 10, 1],
        [1_000, 60_000, 9, 6],
        [3, 1_500, 1, 0.7],
        [90_000, 60_000, 90_000, 555],
      ] as const;
      const proofs = cases.map(([limit, perMs, burst, amount]) =>
        unhurried(async () => {
          const budget = fixture.budget(limit, perMs, burst);
          const begun = performance.now();
          await granted(limiter, budget, burst);
          const waitMs = await refused(limiter, charge(budget, amount));
          const due = performance.now() + waitMs;
          const whole = (amount * perMs) / limit;
          expect(waitMs).toBeLessThanOrEqual(Math.ceil(whole));
          expect(waitMs).toBeGreaterThanOrEqual(Math.floor(whole - (performance.now() - begun)));
          await sleep(waitMs / 2);
          await refused(limiter, charge(budget, amount));
          await sleep(due - performance.now() + 1);
          await granted(limiter, budget, amount);
        }),
      );
      await Promise.all(proofs);
    },
  );

  point("take.not-before", "asking again and again is served when the wait is over", async (fixture) => {
    const limiter = await fixture.open();
    const budget = fixture.budget(10, 2_000);
    const begun = performance.now();
    await granted(limiter, budget, 10);
    while (!(await limiter.take([charge(budget, 1)])).ok) await sleep(1);
    const elapsed = performance.now() - begun;
    expect(elapsed).toBeGreaterThan(199);
    expect(elapsed).toBeLessThan(200 + fixture.patienceMs);
  });

  point("take.refill", "it refills up to its burst and no further", async (fixture) => {
    const limiter = await fixture.open();
    await unhurried(async () => {
      const budget = fixture.budget(100, 1_000, 20);
      await granted(limiter, budget, 20);
      await sleep(450);
      await granted(limiter, budget, 20);
      await refused(limiter, charge(budget, 15));
    });
  });

  point(
    "take.too-large",
    "an amount that a budget never holds is refused for good, at once",
    async (fixture) => {
      const limiter = await fixture.open();
      const [small, other] = [fixture.budget(10, HOUR, 5), fixture.budget(10, HOUR)];
      const error = await refusal(limiter.take([charge(other, 1), charge(small, 6)]), "rate_limited");
      expect(error.retryable).toBe(false);
      expect(error.extra).toEqual({ key: small.key, amount: 6, limit: 5 });
      await granted(limiter, small, 5);
      await granted(limiter, other, 10);
    },
  );

  point(
    "take.together",
    "several budgets are charged all or none, and the longest wait is told",
    async (fixture) => {
      const limiter = await fixture.open();
      const [one, two, three] = [
        fixture.budget(10, HOUR),
        fixture.budget(10, HOUR),
        fixture.budget(10, 1_000),
      ];
      await granted(limiter, two, 8);
      await granted(limiter, three, 10);
      const waitMs = await refused(limiter, charge(one, 4), charge(two, 4), charge(three, 1));
      expect(waitMs).toBeGreaterThan((2 * HOUR) / 10 - 60_000);
      expect(waitMs).toBeLessThanOrEqual((2 * HOUR) / 10);
      await granted(limiter, one, 10);
      await granted(limiter, two, 2);
      expect(await limiter.take([])).toEqual({ ok: true });
    },
  );

  point("take.isolation", "keys are told apart, whatever they are made of", async (fixture) => {
    const limiter = await fixture.open();
    const base = fixture.key();
    const suffixes = [
      "",
      " ",
      ":",
      "{a}",
      "{b}",
      "}{",
      "*",
      "?",
      "[a]",
      "%",
      "'\"\\",
      "\n",
      "\u00f6",
      "o\u0308",
      "한",
      "🎞",
      "A",
      "a",
    ];
    const keys = [
      ...suffixes.map((suffix) => base + suffix),
      `{${base}}`,
      "x".padEnd(200 - base.length, "é") + base,
    ];
    for (const key of keys) {
      await granted(limiter, { key, limit: 3, perMs: HOUR }, 3);
    }
    for (const key of keys) await expectLeft(limiter, { key, limit: 3, perMs: HOUR }, 0);
  });

  point(
    "take.refuses",
    "what makes no sense is refused with invalid_request and charges nothing",
    async (fixture) => {
      const limiter = await fixture.open();
      const budget = fixture.budget(5, HOUR);
      const odd = [
        [charge(budget, -1)],
        [charge(budget, Number.NaN)],
        [charge(budget, Number.POSITIVE_INFINITY)],
        [charge(budget, 1), charge(budget, 1)],
        [charge(budget, 1), charge({ ...budget, key: "" }, 1)],
        [charge(budget, 1), charge({ ...budget, key: "k".repeat(201) }, 1)],
        [charge(budget, 1), charge({ ...budget, key: "\0" }, 1)],
        [charge(budget, 1), charge({ ...budget, key: "\ud800" }, 1)],
        [charge({ ...budget, limit: 0 }, 1)],
        [charge({ ...budget, perMs: -1 }, 1)],
        [charge({ ...budget, burst: 0 }, 1)],
        [charge({ ...budget, limit: Number.POSITIVE_INFINITY }, 1)],
      ];
      for (const charges of odd) await refusal(limiter.take(charges), "invalid_request");
      await refusal(limiter.correct(budget, Number.NaN), "invalid_request");
      await refusal(limiter.learn(budget, { remaining: -1 }), "invalid_request");
      await refusal(limiter.learn(budget, { remaining: 1, limit: 0 }), "invalid_request");
      await granted(limiter, budget, 5);
    },
  );

  point("take.clock", "a client's clock plays no part", async (fixture) => {
    const [one, two] = [await fixture.open(), await fixture.open()];
    const budget = fixture.budget(10, HOUR);
    await granted(one, budget, 10);
    vi.useFakeTimers({ now: Date.now() + 2 * HOUR, toFake: ["Date"] });
    try {
      await expectLeft(two, budget, 0);
    } finally {
      vi.useRealTimers();
    }
    await expectLeft(one, budget, 0);
  });

  point("take.forgotten", "budgets that have refilled are forgotten", async (fixture) => {
    const limiter = await fixture.open();
    const before = await fixture.harness.kept();
    for (let round = 0; round < 4; round++) {
      const spent = () => limiter.take([charge(fixture.budget(1, 20), 1)]);
      await Promise.all(Array.from({ length: 500 }, spent));
    }
    const used = fixture.budget(100_000, HOUR);
    await eventually(
      async () => {
        await Promise.all(Array.from({ length: 50 }, () => limiter.take([charge(used, 1)])));
        return (await fixture.harness.kept()) <= before + 600;
      },
      fixture.patienceMs + 5_000,
      () => "2,000 budgets are still there",
    );
  });
}
