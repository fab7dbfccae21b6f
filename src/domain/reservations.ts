import {
  type Budget,
  type BudgetRecord,
  type BudgetRecords,
  type Charge,
  checkBudget,
  inForce,
  invalid,
  keep,
  paceOf,
  refilled,
} from "./budgets.ts";

/** `waitMs`: when the call may start, from now; if nothing was booked, when it could have started. */
export interface Reserved {
  ok: boolean;
  waitMs: number;
}

/** What remains of the pace after a refusal, and its minimum. */
export const DECREASE = 0.7;
export const LEAST_PACE = 0.02;
/** Calls in flight together are refused together, which counts as one refusal. */
export const CALM_MS = 2_000;

/** Books all of the charges, or none: takes each now, even beyond what is left, and starts when that has refilled. */
export function reserve(
  records: BudgetRecords,
  charges: readonly Charge[],
  withinMs: number,
  now: number,
): Reserved {
  let wait = 0;
  const after: [Charge, BudgetRecord][] = [];
  for (const charge of charges) {
    const record = refilled(records.get(charge.key), charge, now);
    const { burst, msPerUnit } = inForce(charge, record, now);
    const used = record.used + charge.amount;
    wait = Math.max(wait, (used - burst) * msPerUnit);
    if (now < record.until && record.left < charge.amount) wait = Math.max(wait, record.until - now);
    after.push([charge, { ...record, used, left: record.left - charge.amount }]);
  }
  const waitMs = Math.ceil(wait);
  if (waitMs > withinMs) return { ok: false, waitMs };
  for (const [charge, record] of after) keep(records, charge, record, now);
  return { ok: true, waitMs };
}

/**
 * Handles a provider's refusal of a call that the budget allowed: lowers the refill rate, which recovers over time, and
 * delays the next bookings by at least `retryMs`.
 */
export function slow(records: BudgetRecords, budget: Budget, retryMs: number, now: number): void {
  const record = refilled(records.get(budget.key), budget, now);
  const pace = paceOf(record, now);
  const isCalm = record.pace === 1 || now - record.pacedAt >= CALM_MS;
  if (isCalm) {
    record.pace = Math.max(LEAST_PACE, pace * DECREASE);
    record.pacedAt = now;
  }
  const { burst, msPerUnit } = inForce(budget, record, now);
  record.used = Math.max(record.used, burst + retryMs / msPerUnit);
  keep(records, budget, record, now);
}

export function checkWithin(withinMs: number): void {
  if (!(withinMs >= 0)) throw new TypeError("withinMs must be 0 or more");
}

export function checkSlow(budget: Budget, retryMs: number): void {
  checkBudget(budget);
  if (!(retryMs >= 0 && Number.isFinite(retryMs))) throw invalid(budget, "the delay must be 0 or more");
}
