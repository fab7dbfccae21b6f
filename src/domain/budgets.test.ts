import fc from "fast-check";
import { expect, test } from "vitest";
import { type Budget, type BudgetRecords, correct, LEARNED_MS, learn, take } from "./budgets.ts";

const budgets = fc
  .record({
    limit: fc.double({ min: 0.01, max: 100_000, noNaN: true }),
    perMs: fc.integer({ min: 1, max: 86_400_000 }),
    share: fc.double({ min: 0.01, max: 3, noNaN: true }),
  })
  .map(({ limit, perMs, share }): Budget => ({ key: "k", limit, perMs, burst: limit * share }));
/** Fractions of the burst, and of the time that it takes to refill. */
const parts = fc.double({ min: 0, max: 1, noNaN: true });
const BEGIN = 1_700_000_000_000;

test("no span of time gets more than the burst and what came back in it", () => {
  fc.assert(
    fc.property(
      budgets,
      fc.array(fc.tuple(parts, parts), { minLength: 1, maxLength: 40 }),
      (budget, asks) => {
        const records: BudgetRecords = new Map();
        const { limit, perMs, burst = limit } = budget;
        const grants: { at: number; amount: number }[] = [];
        let now = BEGIN;
        for (const [amountPart, timePart] of asks) {
          now += timePart * timePart * burst * (perMs / limit);
          const amount = amountPart * burst;
          const taken = take(records, [{ ...budget, amount }], now);
          if ("ok" in taken && taken.ok) grants.push({ at: now, amount });
        }
        for (let from = 0; from < grants.length; from++) {
          let sum = 0;
          for (const { at, amount } of grants.slice(from)) {
            sum += amount;
            const most = burst + ((at - grants[from]!.at) * limit) / perMs;
            // Rounding may give away one microsecond per grant.
            expect(sum).toBeLessThanOrEqual(most + (grants.length * 0.001 * limit) / perMs + most * 1e-9);
          }
        }
      },
    ),
  );
});

test("the wait is obeyed with success, and a millisecond less is refused", () => {
  fc.assert(
    fc.property(budgets, parts, parts, fc.integer({ min: 0, max: 5_000 }), (budget, used, part, resetMs) => {
      const records: BudgetRecords = new Map();
      const { limit, burst = limit } = budget;
      correct(records, budget, used * burst * 2, BEGIN);
      learn(records, budget, { remaining: part * burst, resetMs }, BEGIN);
      const charge = { ...budget, amount: burst * (1 - part / 2) };
      const refused = take(records, [charge], BEGIN);
      if (!("ok" in refused) || refused.ok) return;
      const early = take(new Map(records), [charge], BEGIN + refused.waitMs - 1);
      expect(early).toMatchObject({ ok: false, waitMs: 1 });
      expect(take(records, [charge], BEGIN + refused.waitMs)).toEqual({ ok: true });
    }),
  );
});

test("refused charges leave everything as it was", () => {
  const records: BudgetRecords = new Map();
  const [one, two] = ["one", "two"].map((key): Budget => ({ key, limit: 10, perMs: 1_000 }));
  take(records, [{ ...one!, amount: 8 }], BEGIN);
  const before = new Map(records);
  take(
    records,
    [two!, one!].map((budget) => ({ ...budget, amount: 5 })),
    BEGIN + 1,
  );
  take(
    records,
    [
      { ...two!, amount: 5 },
      { ...one!, amount: 11 },
    ],
    BEGIN + 1,
  );
  expect(records).toEqual(before);
});

test("a budget that is full has no record, and an idle record is as good as none", () => {
  const records: BudgetRecords = new Map();
  const budget: Budget = { key: "k", limit: 10, perMs: 1_000 };
  take(records, [{ ...budget, amount: 5 }], BEGIN);
  expect(records.get("k")!.idleAt).toBe(BEGIN + 500);
  correct(records, budget, -5, BEGIN + 100);
  expect(records.size).toBe(0);
  learn(records, budget, { remaining: 10, limit: 4 }, BEGIN);
  expect(take(records, [{ ...budget, amount: 5 }], BEGIN + LEARNED_MS - 1)).toMatchObject({ most: 4 });
  expect(take(records, [{ ...budget, amount: 5 }], BEGIN + LEARNED_MS)).toEqual({ ok: true });
});

test("a clock that is set back refills nothing, and goes on from there", () => {
  const records: BudgetRecords = new Map();
  const budget: Budget = { key: "k", limit: 10, perMs: 1_000 };
  take(records, [{ ...budget, amount: 10 }], BEGIN);
  expect(take(records, [{ ...budget, amount: 1 }], BEGIN - 60_000)).toEqual({ ok: false, waitMs: 100 });
  correct(records, budget, 0, BEGIN - 60_000);
  expect(take(records, [{ ...budget, amount: 1 }], BEGIN - 59_900)).toEqual({ ok: true });
});
