import {
  type BudgetRecords,
  checkCharges,
  checkCorrection,
  checkProviderLimit,
  correct,
  learn,
  take,
  tooLarge,
} from "../../domain/budgets.ts";
import { checkRoom, hold, release, roomKey } from "../../domain/holds.ts";
import { checkSlow, checkWithin, reserve, slow } from "../../domain/reservations.ts";
import { MillraceError } from "../../errors.ts";
import type { Limiter } from "../../ports/limiter.ts";
import { asking, isOutage, retryConflicts, targetOf, toError } from "./connection.ts";
import { type Change, soon, transact } from "./limiter/transaction.ts";
import { openSchema } from "./schema.ts";

const MAX_ENTRIES = 500;
const SWEEP_MS = 1_000;

interface Entry extends Change {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Budgets are rows of an unlogged table, so that commits do not wait for the disk. A process runs one transaction at a
 * time; calls that arrive meanwhile form the next one.
 */
export async function openPostgresLimiter(url: string): Promise<Limiter> {
  const pool = await openSchema(targetOf(url), "limiter", 1);
  let waiting: Entry[] = [];
  let working: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  let sweptAt = performance.now();

  async function work(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const entries = waiting.slice(0, MAX_ENTRIES);
      waiting = waiting.slice(MAX_ENTRIES);
      const sweeps = performance.now() - sweptAt > SWEEP_MS;
      if (sweeps) sweptAt = performance.now();
      try {
        const values = await retryConflicts(() => transact(pool, entries, sweeps));
        entries.forEach((entry, n) => {
          entry.resolve(values[n]);
        });
      } catch (error) {
        const failed = isOutage(error) ? entries.concat(waiting.splice(0)) : entries;
        for (const entry of failed) entry.reject(toError(error));
      }
    }
    working = null;
  }

  function ask<T>(keys: string[], run: (records: BudgetRecords, now: number) => T): Promise<T> {
    if (closing) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      waiting.push({ keys, run, resolve: resolve as (value: unknown) => void, reject });
      working ??= work();
    });
  }

  return {
    name: "postgres",

    async take(charges) {
      checkCharges(charges);
      const keys = charges.map(({ key }) => key);
      const verdict = await ask(keys, (records, now) => take(records, charges, now));
      if ("over" in verdict) throw tooLarge(charges[verdict.over]!, verdict.most);
      return verdict;
    },

    async correct(budget, delta) {
      checkCorrection(budget, delta);
      await ask([budget.key], (records, now) => correct(records, budget, delta, now));
    },

    async learn(budget, said) {
      checkProviderLimit(budget, said);
      await ask([budget.key], (records, now) => learn(records, budget, said, now));
    },

    async reserve(charges, { withinMs }) {
      checkCharges(charges);
      checkWithin(withinMs);
      const keys = charges.map(({ key }) => key);
      return ask(keys, (records, now) => reserve(records, charges, withinMs, now));
    },

    async slow(budget, retryMs) {
      checkSlow(budget, retryMs);
      await ask([budget.key], (records, now) => slow(records, budget, retryMs, now));
    },

    async hold(room, id) {
      checkRoom(room, id);
      return ask([roomKey(room.key)], (records, now) => hold(records, room, id, now));
    },

    async release(room, id) {
      checkRoom(room, id);
      await ask([roomKey(room.key)], (records, now) => release(records, room.key, id, now));
    },

    async health() {
      if (closing) throw closed();
      await asking(() => pool.query(soon({ text: "SELECT 1" })));
    },

    close() {
      closing ??= Promise.resolve(working).then(() => pool.end());
      return closing;
    },
  };
}

function closed(): MillraceError {
  return new MillraceError("closed", "The connection to PostgreSQL is closed.");
}
