import {
  type Budget,
  type BudgetRecords,
  type Charge,
  correct,
  learn,
  type ProviderLimit,
  take,
  type Verdict,
} from "../../domain/budgets.ts";

/**
 * The writer's side of the limiter: budgets in its memory, by a clock that nobody sets. Each call looks after
 * two for every one that it may add, so that full ones are forgotten without ever going through all.
 */
export function budgets() {
  const records: BudgetRecords = new Map();

  function now(added = 1): number {
    const time = performance.now();
    let looks = 2 * added;
    for (const [key, record] of records) {
      if (looks-- === 0) break;
      records.delete(key);
      if (record.idleAt > time) records.set(key, record);
    }
    return time;
  }

  return {
    "limiter.take": (charges: readonly Charge[]): Verdict => take(records, charges, now(charges.length)),
    "limiter.correct": ({ budget, delta }: { budget: Budget; delta: number }) =>
      correct(records, budget, delta, now()),
    "limiter.learn": ({ budget, said }: { budget: Budget; said: ProviderLimit }) =>
      learn(records, budget, said, now()),
    "limiter.kept": () => records.size,
  };
}
