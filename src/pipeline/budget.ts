import type { Budget } from "../domain/budgets.ts";

export interface BudgetOptions {
  /**
   * Lowercase letters, digits, `.` and `-`, such as `weather.api`. The same name is the same budget in every pipeline.
   */
  name: string;
  /** Turns per `perMs`. */
  limit: number;
  /** @default 60_000 */
  perMs?: number;
  /** Turns that may start at the same moment after a pause. @default 1 */
  burst?: number;
}

/** How much steps may ask of an outside service over time. All processes share it. */
export interface StepBudget extends Required<BudgetOptions> {}

export interface TurnOptions {
  /** Distinguishes the turns of one task, such as by a page's cursor. @default "" */
  key?: string;
  /** How many turns this one counts as. @default 1 */
  amount?: number;
}

/**
 * Defines a budget that all worker processes share: call `await ctx.turn(budget)` before each request to a rate-limited
 * service.
 *
 * @example
 * const weather = defineBudget({ name: "weather.api", limit: 60 });
 */
export function defineBudget({ name, limit, perMs = 60_000, burst = 1 }: BudgetOptions): StepBudget {
  if (!/^[a-z0-9][a-z0-9.-]{0,59}$/.test(name)) {
    throw new TypeError(`The budget name "${name}" must be lower-case letters, digits, "." and "-".`);
  }
  for (const [what, value] of Object.entries({ limit, perMs, burst })) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new TypeError(`The ${what} of the budget ${name} must be a number above 0.`);
    }
  }
  return { name, limit, perMs, burst };
}

/** The budget as the limiter knows it. */
export function keyed({ name, limit, perMs, burst }: StepBudget): Budget {
  return { key: `step ${name}`, limit, perMs, burst };
}
