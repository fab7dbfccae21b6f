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
import { type Held, hold, type Room, release } from "../../domain/holds.ts";
import { type Reserved, reserve, slow } from "../../domain/reservations.ts";

/**
 * The writer's side of the limiter: budgets in its memory, by a monotonic clock. Each call checks two records for every
 * one that it may add, so that full budgets are dropped without a full scan.
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
    "limiter.reserve": ({ charges, withinMs }: { charges: readonly Charge[]; withinMs: number }): Reserved =>
      reserve(records, charges, withinMs, now(charges.length)),
    "limiter.slow": ({ budget, retryMs }: { budget: Budget; retryMs: number }) =>
      slow(records, budget, retryMs, now()),
    "limiter.hold": ({ room, id }: { room: Room; id: string }): Held => hold(records, room, id, now()),
    "limiter.release": ({ room, id }: { room: Room; id: string }) => release(records, room.key, id, now()),
    "limiter.kept": () => records.size,
  };
}
